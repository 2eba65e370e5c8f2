import type { TrainingSpec } from '../../../events/spec.ts';

/** Changes parameters in place along a gradient of the same layout. */
export type Optimizer = (parameters: readonly Float32Array[], gradient: readonly Float64Array[]) => void;

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** The optimizer of a training, with its state: as PyTorch's `Adam` and `SGD` with their defaults compute it. */
export function makeOptimizer(
  training: Pick<TrainingSpec, 'optimizer' | 'learningRate' | 'momentum'>,
  parameters: readonly Float32Array[],
): Optimizer {
  const zeros = () => parameters.map((values) => new Float64Array(values.length));
  return training.optimizer === 'adam'
    ? makeAdam(training.learningRate, zeros(), zeros())
    : makeSgd(training.learningRate, training.momentum, zeros());
}

/** Kingma and Ba, 2015, with bias correction and epsilon outside the square root. */
function makeAdam(learningRate: number, means: Float64Array[], squares: Float64Array[]): Optimizer {
  let step = 0;
  return (parameters, gradient) => {
    step++;
    const rate = learningRate / (1 - BETA1 ** step);
    const scale = 1 / (1 - BETA2 ** step);
    for (const [part, values] of parameters.entries()) {
      const slopes = gradient[part] ?? [];
      const mean = means[part] ?? [];
      const square = squares[part] ?? [];
      for (let index = 0; index < values.length; index++) {
        const slope = slopes[index] ?? 0;
        const first = BETA1 * (mean[index] ?? 0) + (1 - BETA1) * slope;
        const second = BETA2 * (square[index] ?? 0) + (1 - BETA2) * slope * slope;
        mean[index] = first;
        square[index] = second;
        values[index] = (values[index] ?? 0) - (rate * first) / (Math.sqrt(second * scale) + EPSILON);
      }
    }
  };
}

/** Momentum in PyTorch's form: the velocity is a sum of gradients, which the learning rate scales when it is used. */
function makeSgd(learningRate: number, momentum: number, velocities: Float64Array[]): Optimizer {
  return (parameters, gradient) => {
    for (const [part, values] of parameters.entries()) {
      const slopes = gradient[part] ?? [];
      const velocity = velocities[part] ?? [];
      for (let index = 0; index < values.length; index++) {
        const speed = momentum * (velocity[index] ?? 0) + (slopes[index] ?? 0);
        velocity[index] = speed;
        values[index] = (values[index] ?? 0) - learningRate * speed;
      }
    }
  };
}
