import { type Envelope, writeBinary } from '../../events/envelope.ts';
import { InvalidEvent, TransientError, toError } from '../../events/errors.ts';
import { keyOf } from '../../events/ids.ts';
import { toEnvelope } from '../../events/read.ts';
import type { Deps, FunctionDefinition } from './function.ts';
import { handleEnvelope } from './handle.ts';
import type { Settings } from './settings.ts';
import { withOverrides } from './sink.ts';
import type { Telemetry } from './telemetry.ts';

/** What is answered to one event: with 200 exactly one event, with any other 2xx nothing at all. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** Gets the event of a request, or the status that refuses it before it is read. */
type Receive = () => Promise<Envelope | number> | Envelope;

/**
 * The contract of a Knative subscriber, for whoever speaks HTTP: 400 for what is no event, 204 once everything that
 * came of the event is emitted, 409 while its twin is being handled, 503 for what may work later, 500 for our faults.
 */
export function makeAnswerer(definition: FunctionDefinition, deps: Deps, settings: Settings, telemetry: Telemetry) {
  const inFlight = new Set<string>();

  const answerTo = async (envelope: Envelope): Promise<{ answer: Answer; outcome: string }> => {
    const { result, events, error } = await handleEnvelope(definition, envelope, deps);
    const { type, source, id, subject } = envelope.attributes;
    if (error) deps.log.warn({ type, source, id, subject, error }, 'rejected');
    const replies = events.map((event) => withOverrides(toEnvelope(event), settings.overrides));
    if (settings.sink) {
      // All of it before the acknowledgement: a crash between two posts is repaired by the redelivery of the cause.
      for (const reply of replies) await deps.post(settings.sink, reply);
      return { answer: { status: 204 }, outcome: result };
    }
    const [reply, ...others] = replies;
    if (others.length > 0) throw new Error(`${replies.length} events without K_SINK: only one fits into a reply`);
    return { answer: reply ? { status: 200, ...writeBinary(reply) } : { status: 204 }, outcome: result };
  };

  return async (receive: Receive): Promise<Answer> => {
    const done = telemetry.start();
    const finish = (answer: Answer, outcome: string, type = '') => {
      done(type, outcome);
      return answer;
    };
    const envelope = await readOrRefuse(receive, deps);
    if (typeof envelope === 'number') return finish({ status: envelope }, 'invalid');
    const { type = '', source = '', id = '', subject } = envelope.attributes;
    const key = keyOf({ source, id });
    if (inFlight.has(key)) return finish({ status: 409 }, 'busy', type);
    inFlight.add(key);
    try {
      const { answer, outcome } = await answerTo(envelope);
      return finish(answer, outcome, type);
    } catch (thrown) {
      const error = toError(thrown);
      const answer = refusalOf(error, deps.signal.aborted);
      const isFault = answer.status === 500;
      deps.log[isFault ? 'error' : 'warn']({ type, source, id, subject, err: error }, 'not handled');
      return finish(answer, isFault ? 'error' : 'transient', type);
    } finally {
      inFlight.delete(key);
    }
  };
}

async function readOrRefuse(receive: Receive, { log }: Deps): Promise<Envelope | number> {
  try {
    return await receive();
  } catch (error) {
    if (!(error instanceof InvalidEvent)) throw error;
    log.warn({ error }, 'no valid event');
    return 400;
  }
}

/** What makes the broker deliver again; a dead letter carries the reason on. Of our own faults nothing leaks. */
function refusalOf(error: Error, isGivenUp: boolean): Answer {
  // Work that was given up on shutdown is no fault of its event, whatever it threw.
  if (!(error instanceof TransientError)) return { status: isGivenUp ? 503 : 500 };
  return {
    status: error.code === 'BUSY' ? 409 : 503,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: Buffer.from(JSON.stringify(error)),
  };
}
