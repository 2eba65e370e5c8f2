import type { SettingRule } from './issues.ts';

/** A setting that is one of a few words. */
export function wordRule(words: readonly string[]): SettingRule {
  return { expected: `one of ${words.join(', ')}`, fits: (text) => words.includes(text) };
}
