import type { ListParameter, NumericParameter, Parameter } from '../algorithm.ts';
import type { Random } from '../random.ts';
import { countOf, formatNumber, stepOf, valueAt } from '../space.ts';
import { normalMass, truncatedNormal } from './normal.ts';

/** The kernels of an estimator along one parameter, one for each observation and the prior as the last. */
export interface Kernels {
  /** Draws from kernel number `index`: a number, or an index in the list. */
  draw(index: number, random: Random): number;
  /** Adds to `logs` the logarithm of each kernel's density, or probability, at what `draw` gives. */
  addLogs(value: number, logs: Float64Array): void;
}

/** One parameter of a search as Optuna's estimator sees it. */
export interface Dimension {
  /**
   * @param observations of this parameter
   * @param dimensions how many parameters are estimated together
   */
  kernelsOf(observations: readonly number[], dimensions: number): Kernels;
  /** As Optuna's random sampler does it, which gives every step the same weight. */
  drawUniform(random: Random): number;
  format(value: number): string;
}

/** The same logarithms are asked for again wherever few values are possible. */
function remembering(count: number, logsOf: (value: number) => Float64Array): Kernels['addLogs'] {
  const known = new Map<number, Float64Array>();
  return (value, logs) => {
    const own = known.get(value) ?? logsOf(value);
    known.set(value, own);
    for (let i = 0; i < count; i++) logs[i] = (logs[i] ?? 0) + (own[i] ?? 0);
  };
}

function listDimension(parameter: ListParameter): Dimension {
  const choices = parameter.list.length;
  return {
    kernelsOf(observations) {
      const count = observations.length + 1;
      const spread = 1 / count;
      const total = 1 + choices * spread;
      return {
        draw(index, random) {
          const observed = observations[index];
          // One kernel is the choice that was observed, mixed with all of them; the prior is all of them.
          return observed === undefined || random.uniform() * total > 1 ? random.integer(choices) : observed;
        },
        addLogs: remembering(count, (value) =>
          Float64Array.from({ length: count }, (_, i) =>
            Math.log(i === count - 1 ? 1 / choices : (spread + (observations[i] === value ? 1 : 0)) / total),
          ),
        ),
      };
    },
    drawUniform: (random) => random.integer(choices),
    format: (value) => valueAt(parameter, value),
  };
}

function numericDimension(parameter: NumericParameter): Dimension {
  const { type, distribution } = parameter;
  const isLog = distribution === 'logUniform';
  const step = stepOf(parameter);
  const smallest = type === 'int' ? 1 : 1e-10;
  const min = isLog ? Math.max(smallest, parameter.min) : parameter.min;
  const max = step === undefined ? parameter.max : Number(valueAt(parameter, countOf(parameter) - 1));
  // Half a step on either side belongs to the values at the ends; of a double's logarithm Katib knows no steps.
  const margin = isLog ? (type === 'int' ? 0.5 : 0) : (step ?? 0) / 2;
  const inner = (value: number) => (isLog ? Math.log(Math.max(min, value)) : value);
  const low = isLog ? Math.log(min - margin) : min - margin;
  const high = isLog ? Math.log(Math.max(min, max) + margin) : max + margin;
  const range = high - low;
  const outer = (value: number) => {
    const plain = isLog ? Math.exp(value) : value;
    return step === undefined ? Math.min(max, Math.max(min, plain)) : Number(formatNumber(parameter, plain));
  };
  return {
    kernelsOf(observations, dimensions) {
      const count = observations.length + 1;
      const means = Float64Array.of(...observations.map(inner), (low + high) / 2);
      const width = (0.2 * range) / Math.max(1, observations.length) ** (1 / (dimensions + 4));
      const kernelWidth = Math.min(range, Math.max(range / Math.min(100, 1 + count), width));
      const widthOf = (i: number) => (i === count - 1 ? range : kernelWidth);
      const massOf = (i: number, from: number, to: number) => {
        const mean = means[i] ?? 0;
        return normalMass((from - mean) / widthOf(i), (to - mean) / widthOf(i));
      };
      const inside = means.map((_, i) => massOf(i, low, high));
      // Optuna 3.3 does not divide the density by the kernel's width (its issue 5109, mended in 3.5), nor is it done here.
      const constants = inside.map((mass) => -Math.log(mass));
      const addDensity: Kernels['addLogs'] = (value, logs) => {
        const at = inner(value);
        for (let i = 0; i < count; i++) {
          const distance = (at - (means[i] ?? 0)) / widthOf(i);
          logs[i] = (logs[i] ?? 0) + (constants[i] ?? 0) - 0.5 * distance * distance;
        }
      };
      const addMass = remembering(count, (value) => {
        const from = Math.max(low, value - margin);
        const to = Math.min(high, value + margin);
        return means.map((_, i) => Math.log(massOf(i, from, to) / (inside[i] ?? 1)));
      });
      return {
        draw: (i, random) => outer(truncatedNormal(random, means[i] ?? 0, widthOf(i), low, high)),
        addLogs: isLog || step === undefined ? addDensity : addMass,
      };
    },
    drawUniform: (random) => outer(low + random.uniform() * range),
    format: (value) => formatNumber(parameter, value),
  };
}

/** How a parameter is estimated; undefined where it has only one value. */
export function dimensionOf(parameter: Parameter): Dimension | undefined {
  if ('list' in parameter) return parameter.list.length > 1 ? listDimension(parameter) : undefined;
  const isSingle = parameter.min === parameter.max || countOf(parameter) === 1;
  return isSingle ? undefined : numericDimension(parameter);
}
