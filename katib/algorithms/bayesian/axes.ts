import type { NumericParameter, Parameter } from '../algorithm.ts';
import type { Random } from '../random.ts';
import { formatNumber, stepOf, valueAt } from '../space.ts';

/**
 * A parameter as the Gaussian process sees it. Its value is held as a number: the place between its bounds, 0 to 1, or the
 * index in its list.
 */
export interface Axis {
  readonly name: string;
  /** Coordinates that it takes: one, or as many as the list has values. */
  readonly width: number;
  /** Whether any place between the bounds is a value. */
  readonly isContinuous: boolean;
  draw(random: Random): number;
  /** Another value not far from one; `distance` is a standard deviation, and the probability of another list item. */
  near(value: number, distance: number, random: Random): number;
  write(value: number, point: Float64Array, at: number): void;
  toText(value: number): string;
  fromText(text: string): number;
}

/**
 * Doubles by their logarithm, as Katib's service has it for every double; ints as they are, rounded to their steps; a list
 * as a coordinate for each of its values, which is 1 for the one that is chosen.
 */
export function axisOf(parameter: Parameter): Axis {
  return 'list' in parameter ? listAxis(parameter.name, parameter.list, parameter) : numericAxis(parameter);
}

function numericAxis(parameter: NumericParameter): Axis {
  const { name, type, min, max } = parameter;
  const [scale, unscale] = type === 'double' ? [Math.log, Math.exp] : [(x: number) => x, (x: number) => x];
  const [low, high] = [scale(min), scale(max)];
  const step = stepOf(parameter);
  const place = (value: number) => Math.min(1, Math.max(0, (scale(value) - low) / (high - low)));
  const settle = (at: number) => {
    const bounded = Math.min(1, Math.max(0, at));
    if (step === undefined) return bounded;
    const steps = Math.round((unscale(low + bounded * (high - low)) - min) / step);
    return place(Math.min(min + steps * step, min + Math.floor((max - min) / step + 1e-9) * step));
  };
  return {
    name,
    width: 1,
    isContinuous: step === undefined,
    draw: (random) => settle(random.uniform()),
    near: (value, distance, random) => settle(value + distance * random.normal()),
    write: (value, point, at) => {
      point[at] = value;
    },
    toText(value) {
      // The bounds themselves are lost by a logarithm and back.
      const inside = value <= 0 ? min : unscale(low + value * (high - low));
      return formatNumber(parameter, value >= 1 ? max : inside);
    },
    fromText: (text) => place(Number(text)),
  };
}

function listAxis(name: string, list: readonly string[], parameter: Parameter): Axis {
  return {
    name,
    width: list.length,
    isContinuous: false,
    draw: (random) => random.integer(list.length),
    near: (value, distance, random) => (random.uniform() < distance ? random.integer(list.length) : value),
    write: (value, point, at) => {
      point[at + value] = 1;
    },
    toText: (value) => valueAt(parameter, value),
    fromText: (text) => Math.max(0, list.indexOf(text)),
  };
}
