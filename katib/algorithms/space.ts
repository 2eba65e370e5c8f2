import type { Assignments, NumericParameter, Parameter, PastTrial, Search } from './algorithm.ts';

/** How many values a parameter can take; infinite for a double without a step. */
export function countOf(parameter: Parameter): number {
  if ('list' in parameter) return parameter.list.length;
  const step = stepOf(parameter);
  return step === undefined ? Number.POSITIVE_INFINITY : Math.floor((parameter.max - parameter.min) / step + 1e-9) + 1;
}

/** Between neighbouring values; undefined where every value is one. */
export function stepOf({ type, step }: NumericParameter): number | undefined {
  return step ?? (type === 'int' ? 1 : undefined);
}

/** Value number `index` of a parameter that has only so many, from 0. */
export function valueAt(parameter: Parameter, index: number): string {
  if ('list' in parameter) return parameter.list[index] ?? '';
  return formatNumber(parameter, parameter.min + index * (stepOf(parameter) ?? 0));
}

/** A number as text, inside the bounds and on the parameter's grid. */
export function formatNumber(parameter: NumericParameter, value: number): string {
  const { min, max } = parameter;
  const step = stepOf(parameter);
  const bounded = Math.min(max, Math.max(min, value));
  if (step === undefined) return String(bounded);
  const steps = Math.min(Math.round((bounded - min) / step), countOf(parameter) - 1);
  // 0.1 + 2 * 0.1 is 0.30000000000000004, which nobody asked for; bounds of more than 12 digits stay as they are.
  return String(Math.min(max, Math.max(min, Number((min + steps * step).toPrecision(12)))));
}

/** The value of each parameter that a trial was given; undefined where one is missing. */
export function valuesOf(search: Search, assignments: Assignments): readonly string[] | undefined {
  const values = search.parameters.map(({ name }) => assignments[name]);
  return values.every((value) => value !== undefined) ? (values as string[]) : undefined;
}

/** The trials that an algorithm learns from: those that have a value, the smaller the better. */
export function lossesOf(
  search: Search,
  trials: readonly PastTrial[],
): { readonly trial: PastTrial; readonly loss: number }[] {
  const sign = search.objective === 'minimize' ? 1 : -1;
  return trials.flatMap((trial) =>
    (trial.state === 'succeeded' || trial.state === 'stopped') && trial.value !== undefined
      ? [{ trial, loss: sign * trial.value }]
      : [],
  );
}

/** The setting `random_state`; 0 where it is not given, so that a search is the same every time. */
export function seedOf({ settings }: Search): number {
  return Number(settings.random_state ?? 0);
}
