import { METRICS } from '../../events/search.ts';
import type { ExperimentSpec } from './schema.ts';
import { wrongValue } from './sentence.ts';

type Objective = ExperimentSpec['objective'];

const PLACE = 'spec.objective';

/** The group of Katib's default filter that reads a name from a line of a log. */
const READABLE = /^[\w|-]+$/;

/** A strategy for every metric: what is not said is `min` or `max`, by what the search is after. */
export function withStrategies(objective: Objective): Objective {
  const { type, objectiveMetricName, additionalMetricNames, metricStrategies } = objective;
  const value = type === 'minimize' ? 'min' : 'max';
  const unsaid = [objectiveMetricName, ...additionalMetricNames].filter(
    (name) => !metricStrategies.some((strategy) => strategy.name === name),
  );
  return { ...objective, metricStrategies: [...metricStrategies, ...unsaid.map((name) => ({ name, value }) as const)] };
}

/** Names that Katib would read wrongly from a log, or that no trial reports. */
export function problemsOfMetrics({
  objectiveMetricName,
  additionalMetricNames,
  metricStrategies,
}: Objective): string[] {
  const names = [
    { name: objectiveMetricName, path: `${PLACE}.objectiveMetricName` },
    ...additionalMetricNames.map((name, index) => ({ name, path: `${PLACE}.additionalMetricNames.${index}` })),
  ];
  const known = names.map(({ name }) => name);
  return [
    ...names.flatMap(({ name, path }, index) => {
      if (known.indexOf(name) < index) return [wrongValue(name, path, 'every metric once')];
      const rule = ruleOf(name, objectiveMetricName);
      return rule === undefined ? [] : [wrongValue(name, path, rule)];
    }),
    ...metricStrategies.flatMap(({ name }, index) => {
      const path = `${PLACE}.metricStrategies.${index}.name`;
      if (!known.includes(name)) return [wrongValue(name, path, `one of ${known.join(', ')}`)];
      const first = metricStrategies.findIndex((other) => other.name === name);
      return first < index ? [wrongValue(name, path, 'every metric once')] : [];
    }),
  ];
}

function ruleOf(name: string, objective: string): string | undefined {
  if (name !== objective && [`/${objective}`, `.${objective}`].some((end) => name.endsWith(end))) {
    return `a name that does not end like this: Katib would read it as ${objective}`;
  }
  if (!READABLE.test(name)) return 'letters, digits, "_", "-" and "|" alone: Katib reads no other name from a log';
  return METRICS.some((metric) => metric === name)
    ? undefined
    : `one of ${METRICS.join(', ')}: a trial reports no other`;
}
