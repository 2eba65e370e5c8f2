import type { ExperimentSpec } from './schema.ts';
import { wrongValue } from './sentence.ts';

/** What medianstop goes by. */
export interface EarlyStopping {
  /** How many trials have to have succeeded before the others are measured by them. */
  readonly minTrialsRequired: number;
  /** The report, from 1, at which a trial is. */
  readonly startStep: number;
}

const PLACE = 'spec.earlyStopping';
const ALGORITHM = 'medianstop';
const DEFAULTS: Readonly<Record<string, number>> = { min_trials_required: 3, start_step: 4 };

/** What Katib's service of early stopping would refuse. */
export function problemsOfEarlyStopping({ earlyStopping }: ExperimentSpec): string[] {
  if (earlyStopping === undefined) return [];
  const { algorithmName, algorithmSettings } = earlyStopping;
  const known = Object.keys(DEFAULTS);
  const names = algorithmSettings.map(({ name }) => name);
  return [
    ...(algorithmName === ALGORITHM ? [] : [wrongValue(algorithmName, `${PLACE}.algorithmName`, ALGORITHM)]),
    ...algorithmSettings.flatMap(({ name, value }, index) => {
      const path = `${PLACE}.algorithmSettings.${index}`;
      if (!known.includes(name)) return [wrongValue(name, `${path}.name`, `one of ${known.join(', ')}`)];
      if (names.indexOf(name) < index) return [wrongValue(name, `${path}.name`, 'every setting once')];
      return /^[1-9]\d{0,8}$/.test(value) ? [] : [wrongValue(value, `${path}.value`, 'an integer from 1')];
    }),
  ];
}

/** The settings of medianstop with Katib's defaults; undefined where trials are not stopped early. */
export function toEarlyStopping({ earlyStopping }: ExperimentSpec): EarlyStopping | undefined {
  if (earlyStopping === undefined) return undefined;
  const { min_trials_required: trials = 0, start_step: step = 0 } = {
    ...DEFAULTS,
    ...Object.fromEntries(earlyStopping.algorithmSettings.map(({ name, value }) => [name, Number(value)])),
  };
  return { minTrialsRequired: trials, startStep: step };
}
