import { ACCESS_RULES } from './access.ts';
import { BROKER_RULES } from './brokers.ts';
import { OBJECT_RULES } from './objects.ts';
import { SERVICE_RULES } from './services.ts';
import type { ManifestSet, Rule } from './set.ts';
import { TRIGGER_RULES } from './triggers.ts';

/** What holds for the base and for everything that is built of it. */
export const RULES: readonly Rule[] = [
  ...SERVICE_RULES,
  ...TRIGGER_RULES,
  ...BROKER_RULES,
  ...OBJECT_RULES,
  ...ACCESS_RULES,
];

/** Everything that breaks one of the rules, with the rule's name. */
export function breaches(set: ManifestSet, rules: readonly Rule[]): string[] {
  return rules.flatMap((rule) => rule.check(set).map((problem) => `${rule.name}: ${problem}`));
}
