import { LINEAR } from './dense';
import { Layer, Plan } from './plan';

export const ADAM: i32 = 0;

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

class Parameter {
  /** Moves one parameter and gives its new value; `gradient` is where the first chunk's sum of its slopes lies. */
  @inline static move(
    plan: Plan,
    index: usize,
    gradient: usize,
    chunks: usize,
    share: f64,
    rate: f64,
    scale: f64,
  ): f32 {
    let sum = load<f64>(gradient);
    for (let chunk: usize = 1; chunk < chunks; chunk++) sum += load<f64>(gradient + chunk * plan.gradientBytes);
    const slope = sum * share;
    const at = plan.parameters + (index << 2);
    const first = plan.first + (index << 3);
    let value = <f64>load<f32>(at);
    if (plan.optimizer == ADAM) {
      const second = plan.second + (index << 3);
      const mean = BETA1 * load<f64>(first) + (1 - BETA1) * slope;
      const square = BETA2 * load<f64>(second) + (1 - BETA2) * slope * slope;
      store<f64>(first, mean);
      store<f64>(second, square);
      value -= (rate * mean) / (Math.sqrt(square * scale) + EPSILON);
    } else {
      const velocity = plan.momentum * load<f64>(first) + slope;
      store<f64>(first, velocity);
      value -= rate * velocity;
    }
    const moved = <f32>value;
    store<f32>(at, moved);
    return moved;
  }
}

/** Moves the parameters along the gradient of a batch, as PyTorch's Adam and SGD with their defaults do. */
export function step(plan: Plan, chunks: usize, points: u32): void {
  let rate = plan.rate;
  let scale: f64 = 1;
  if (plan.optimizer == ADAM) {
    plan.power1 *= BETA1;
    plan.power2 *= BETA2;
    rate /= 1 - plan.power1;
    scale /= 1 - plan.power2;
  }
  const share = 1 / <f64>points;
  for (let index: u32 = 0; index < plan.depth; index++) {
    const layer = plan.layer(index);
    let parameter = <usize>layer.offset;
    for (let input: u32 = 0; input < layer.inputs; input++) {
      let gradient = plan.gradients + layer.gradient + <usize>input * layer.line;
      for (let unit: u32 = 0; unit < layer.units; unit++) {
        pack(layer, input, unit, Parameter.move(plan, parameter, gradient, chunks, share, rate, scale));
        parameter++;
        gradient += 8;
      }
    }
    let gradient = plan.gradients + layer.biasGradient;
    for (let unit: u32 = 0; unit < layer.units; unit++) {
      store<f32>(
        layer.bias + ((<usize>unit) << 2),
        Parameter.move(plan, parameter, gradient, chunks, share, rate, scale),
      );
      parameter++;
      gradient += 8;
    }
  }
}

/** Copies the parameters to where the passes read them. */
export function packAll(plan: Plan): void {
  for (let index: u32 = 0; index < plan.depth; index++) {
    const layer = plan.layer(index);
    let parameter = plan.parameters + ((<usize>layer.offset) << 2);
    for (let input: u32 = 0; input < layer.inputs; input++) {
      for (let unit: u32 = 0; unit < layer.units; unit++) {
        pack(layer, input, unit, load<f32>(parameter));
        parameter += 4;
      }
    }
    memory.copy(layer.bias, parameter, (<usize>layer.units) << 2);
  }
}

/** Puts a weight where the passes look for it. */
function pack(layer: Layer, input: u32, unit: u32, weight: f32): void {
  if (layer.activation == LINEAR) {
    store<f32>(layer.forward + ((<usize>input) << 2), weight);
    return;
  }
  store<f32>(layer.forward + (tiled(input, unit, layer.inputs) << 2), weight);
  if (layer.back != 0) store<f32>(layer.back + (tiled(unit, input, layer.units) << 2), weight);
}

/** The place of a weight among those that dense.ts reads in turn. */
function tiled(input: u32, unit: u32, inputs: u32): usize {
  return (unit & ~3) * inputs + (input << 2) + (unit & 3);
}
