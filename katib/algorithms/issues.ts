import { quoteValue } from '../../events/issues.ts';
import type { Parameter, Search } from './algorithm.ts';

/** What the text of a setting has to be. */
export interface SettingRule {
  /** Ends the sentence "expected …". */
  readonly expected: string;
  fits(text: string): boolean;
}

/** Where the name of a setting stands in an Experiment. */
const SETTINGS = 'spec.algorithm.algorithmSettings';

/** Decimal, with or without an exponent: what Python's `float` takes, without its words for infinity and NaN. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A setting that is an integer; `max` is included. */
export function integerRule(min: number, max = Number.MAX_SAFE_INTEGER): SettingRule {
  const end = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`;
  return {
    expected: `an integer from ${min}${end}`,
    fits: (text) => /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max,
  };
}

/** A setting that is a number between two others, neither of which it may be. */
export function numberRule(above: number, below = Number.POSITIVE_INFINITY): SettingRule {
  return {
    expected: `a number above ${above}${below === Number.POSITIVE_INFINITY ? '' : ` and below ${below}`}`,
    fits: (text) => NUMBER.test(text) && Number(text) > above && Number(text) < below,
  };
}

/** Of `random_state`: what NumPy takes as a seed, on which Katib's services rest. */
export const SEED_RULE = integerRule(0, 2 ** 32 - 1);

/** One sentence for each setting that an algorithm does not know, or whose value is wrong. */
export function settingIssues(
  { settings }: Search,
  algorithm: string,
  rules: Readonly<Record<string, SettingRule>>,
): readonly string[] {
  const names = Object.keys(rules);
  const known = names.length === 0 ? 'no settings' : names.join(', ');
  return Object.entries(settings).flatMap(([name, value]) => {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) return [`Unknown setting ${quoteValue(name)} at ${SETTINGS}: ${algorithm} takes ${known}`];
    if (rule.fits(value)) return [];
    return [`Wrong value ${quoteValue(value)} at ${SETTINGS}.${name}: expected ${rule.expected}`];
  });
}

/** A setting that is a number, or what it is where it is not given. */
export function numberSetting({ settings }: Search, name: string, fallback: number): number {
  return Number(settings[name] ?? fallback);
}

/** One sentence for a field of a parameter's feasible space. */
export function spaceIssue({ name }: Parameter, field: string, value: unknown, expected: string): string {
  return `Wrong value ${quoteValue(value)} at spec.parameters.${name}.feasibleSpace.${field}: expected ${expected}`;
}

/** One sentence for each parameter that has no value to try, or a step that leads nowhere. */
export function spaceIssues({ parameters }: Search): readonly string[] {
  return parameters.flatMap((parameter) => {
    if ('list' in parameter)
      return parameter.list.length === 0 ? [spaceIssue(parameter, 'list', [], 'at least one value')] : [];
    const { min, max, step } = parameter;
    return [
      ...(max >= min ? [] : [spaceIssue(parameter, 'max', max, `a number from ${min} on, the min`)]),
      ...(step === undefined || step > 0 ? [] : [spaceIssue(parameter, 'step', step, 'a number above 0')]),
    ];
  });
}
