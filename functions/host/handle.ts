import type { CloudEvent } from 'cloudevents';
import { derivedId, makeEvent } from '../../events/define.ts';
import type { Envelope } from '../../events/envelope.ts';
import { RejectedError, type XorflowError } from '../../events/errors.ts';
import { experimentIdOf, experimentIdSchema } from '../../events/ids.ts';
import { looseEvent, parseEvent } from '../../events/read.ts';
import { experimentFailed, type KnownEvent } from '../../events/registry.ts';
import type { Deps, FunctionDefinition } from './function.ts';

/** What came of one event: what is to be emitted, and what the telemetry counts it as. */
export interface Outcome {
  readonly result: 'handled' | 'rejected' | 'ignored';
  readonly events: readonly CloudEvent<unknown>[];
  readonly error?: XorflowError;
}

/**
 * Gives one event to the function. What can never work becomes `experiment.failed`; everything else that is thrown
 * goes on to the caller, who makes the broker deliver again.
 */
export async function handleEnvelope(definition: FunctionDefinition, envelope: Envelope, deps: Deps): Promise<Outcome> {
  const { accepts } = definition;
  const type = envelope.attributes.type ?? '';
  if (accepts !== 'all' && !(accepts as readonly string[]).includes(type)) return { result: 'ignored', events: [] };
  try {
    const event = accepts === 'all' ? (looseEvent(envelope) as KnownEvent) : parseEvent(envelope);
    if (!event) return { result: 'ignored', events: [] };
    return { result: 'handled', events: await definition.handle(event, deps) };
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    // Who records everything must not make new events of what it cannot read: that would go round for ever.
    const events = accepts === 'all' ? [] : [failureOf(definition.name, envelope, error)];
    return { result: 'rejected', events, error };
  }
}

/** The `experiment.failed` of an event that this function can never handle. */
export function failureOf(stage: string, envelope: Envelope, error: XorflowError): KnownEvent {
  const { type = '', source = '', id = '', subject } = envelope.attributes;
  const cause = { type, source, id };
  return makeEvent(experimentFailed, {
    source: `/xorflow/${stage}`,
    id: derivedId(cause, experimentFailed),
    subject: experimentIdSchema.safeParse(subject).success ? String(subject) : experimentIdOf({ source, id }),
    data: { stage, code: error.code, reason: error.message.slice(0, 2_000), cause },
  });
}
