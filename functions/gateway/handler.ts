import type { KnownEvent } from '../../events/registry.ts';
import type { Deps } from '../host/function.ts';
import { lastWordOf, undeliveredOf } from './dead-letter.ts';
import { recordEvent } from './record.ts';

/**
 * Records every event; of one that could not be delivered it says so to all. That word is recorded here and now, so
 * that it shows even where the broker is what has failed.
 */
export async function handle(event: KnownEvent, deps: Deps): Promise<readonly KnownEvent[]> {
  const { type, source, id, subject } = event;
  const recorded = await recordEvent(deps.store, event);
  // What Knative tells of its own objects is for others.
  if (recorded === undefined && !type.startsWith('dev.knative.'))
    deps.log.warn({ type, source, id, subject }, 'not recorded: it names no experiment');
  const undelivered = undeliveredOf(event);
  if (!undelivered) return [];
  const word = lastWordOf(event, undelivered);
  deps.log.warn({ type, source, id, subject, ...undelivered }, 'dead letter');
  if (!word) return [];
  await recordEvent(deps.store, word);
  return [word];
}
