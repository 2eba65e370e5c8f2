import type { Algorithm, Parameter, Search } from './algorithm.ts';
import { settingIssues, spaceIssues } from './issues.ts';
import { MAX_DIMENSIONS, sobolPoint } from './sobol/sequence.ts';
import { countOf, formatNumber, stepOf, valueAt } from './space.ts';

/** Goptuna passes over the second dimension of the sequence, so that one is left over here. */
const MAX_PARAMETERS = MAX_DIMENSIONS - 1;

/**
 * The value at a coordinate from [0, 1). All values of a list have equal weights, and so have the steps of a double. An int is
 * rounded down as goptuna does it: it never takes its max, so that a range of n steps is n values.
 */
function valueFor(parameter: Parameter, coordinate: number): string {
  if ('list' in parameter) return valueAt(parameter, Math.floor(coordinate * countOf(parameter)));
  const { type, min, max } = parameter;
  const step = stepOf(parameter);
  if (step === undefined) return formatNumber(parameter, min + coordinate * (max - min));
  const values = type === 'int' ? Math.floor((max - min) / step) : countOf(parameter);
  return valueAt(parameter, Math.floor(coordinate * values));
}

function countIssues({ parameters }: Search): readonly string[] {
  if (parameters.length <= MAX_PARAMETERS) return [];
  return [`Too many parameters (${parameters.length}) at spec.parameters: sobol takes up to ${MAX_PARAMETERS}`];
}

/**
 * Katib's `sobol` (goptuna 0.8): the points of a Sobol' sequence from the middle on, not the origin, with the parameters in
 * the order of their names. Each is the very point that Katib tries: no seed plays a part, nor does a parameter's distribution,
 * and the second dimension of the sequence is left out, as goptuna leaves it out. Katib ignores any setting in silence; here
 * it is refused.
 */
export const sobol: Algorithm = {
  name: 'sobol',
  validate: (search) => [...settingIssues(search, 'sobol', {}), ...spaceIssues(search), ...countIssues(search)],
  suggest(search, _trials, first, count) {
    const byName = search.parameters.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const dimensions = byName.map((_, i) => (i === 0 ? 0 : i + 1));
    return Array.from({ length: count }, (_, i) => {
      const point = sobolPoint(first + i + 1, dimensions);
      const values = new Map(byName.map((parameter, at) => [parameter.name, valueFor(parameter, point[at] ?? 0)]));
      const assignments = Object.fromEntries(search.parameters.map(({ name }) => [name, values.get(name) ?? '']));
      return { assignments };
    });
  },
};
