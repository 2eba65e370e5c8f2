import type { EventOf } from '../../events/define.ts';
import type { trialRequested } from '../../events/registry.ts';
import { bytesOf, textOf } from './body.ts';
import { followEvents, LIVED_MS } from './follow.ts';
import { Dropped, drop, isRecord, makeBackoff, type Patience, readBody, send, unreachable } from './http.ts';
import type { LoggedEvent } from './logged.ts';
import type { Answer } from './request.ts';
import { readLines } from './sse.ts';

const PATIENCE: Patience = { silence: 120_000, away: 15_000 };
const STATUSES = ['requested', 'succeeded', 'stopped', 'failed'] as const;

/** What a gateway tells of a trial, as far as it matters here. */
export interface Trial {
  readonly name: string;
  readonly status: (typeof STATUSES)[number];
  /** RFC 3339. */
  readonly requestedAt?: string;
}

/** The trials of a platform, over its HTTP API. */
export interface TrialsClient {
  readonly url: string;
  /**
   * Requests a trial, and gives it as soon as it is on record; sent again as the same event it is still one trial.
   *
   * @throws XorflowError for a trial that was requested otherwise before
   */
  request(event: EventOf<typeof trialRequested>, signal: AbortSignal): Promise<Trial>;
  /** Tells who trains it that nobody wants the rest. */
  cancel(name: string, reason: string, signal: AbortSignal): Promise<void>;
  /** @throws RejectedError `NOT_FOUND` for an unknown trial */
  show(name: string, signal: AbortSignal): Promise<Trial>;
  /** Events after a position, and then each new one; it ends with the signal only, by throwing its reason. */
  follow(name: string, after: number, signal: AbortSignal): AsyncIterable<LoggedEvent>;
  /** The metric lines of a trial, each once, until it is over and all of them were read. */
  lines(name: string, signal: AbortSignal): AsyncIterable<string>;
}

/**
 * Talks to the gateway at `url` about trials. Its methods throw XorflowError: `PLATFORM_UNREACHABLE` when it has been
 * away for too long, and what it refuses in its own words.
 */
export function makeTrialsClient(url: string, patience: Patience = PATIENCE): TrialsClient {
  const repeat = <R>(signal: AbortSignal, work: () => Promise<R>): Promise<R> =>
    makeBackoff(url, patience.away).repeat(signal, work);
  const look = async (name: string, signal: AbortSignal): Promise<Trial> => {
    const path = pathOf(name);
    const { body } = await send(url, path, { headers: { accept: 'application/json' }, signal });
    const trial = trialOf(await textOf(body).catch(drop));
    if (trial) return trial;
    throw unreachable(`No gateway at ${url}: its answer to ${path} is not what one says`);
  };

  return {
    url,
    async request(event, signal) {
      const headers = { 'content-type': 'application/cloudevents+json', accept: 'application/json' };
      const init = { method: 'POST', headers, body: JSON.stringify(event), signal };
      await repeat(signal, async () => drain(await send(url, '/trials', init)));
      // Where the gateway could not write it down at once, the broker brings it to the record a moment later.
      return repeat(signal, () => look(event.subject ?? '', signal).catch(dropUnknown));
    },
    async cancel(name, reason, signal) {
      const headers = { 'content-type': 'application/json' };
      const init = { method: 'DELETE', headers, body: JSON.stringify({ reason }), signal };
      await repeat(signal, async () => drain(await send(url, pathOf(name), init)));
    },
    show: (name, signal) => repeat(signal, () => look(name, signal)),
    follow: (name, after, signal) => followEvents(url, `${pathOf(name)}/events`, after, patience, signal),
    async *lines(name, signal) {
      const backoff = makeBackoff(url, patience.away);
      for (let after = 0; ; ) {
        let connectedAt = Number.POSITIVE_INFINITY;
        try {
          // A stream may end because the trial is over, and because the gateway is: only what is asked for
          // after the trial's end holds all lines.
          const { status } = await look(name, signal);
          const isOver = status !== 'requested';
          const { body } = await send(url, `${pathOf(name)}/logs?after=${after}&follow=${!isOver}`, { signal });
          if (isOver) {
            yield* readLines([await bytesOf(body).catch(drop)]);
            return;
          }
          connectedAt = performance.now();
          for await (const line of readLines(readBody(body, patience.silence, signal))) {
            after += 1;
            backoff.reset();
            yield line;
          }
          throw new Dropped('its stream of lines ended early');
        } catch (error) {
          if (performance.now() - connectedAt > LIVED_MS) backoff.reset();
          await backoff.pause(error, signal);
        }
      }
    },
  };
}

function pathOf(name: string): string {
  return `/trials/${encodeURIComponent(name)}`;
}

function trialOf(text: string): Trial | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isTrial = isRecord(value) && value.name !== undefined && STATUSES.some((status) => status === value.status);
    return isTrial ? (value as unknown as Trial) : undefined;
  } catch {
    return undefined;
  }
}

/** An answer that nobody reads would keep its connection. */
async function drain({ body }: Answer): Promise<void> {
  await bytesOf(body).catch(() => undefined);
}

/** @throws Dropped in place of `NOT_FOUND` */
function dropUnknown(error: unknown): never {
  if (error instanceof Error && 'code' in error && error.code === 'NOT_FOUND') throw new Dropped(error.message);
  throw error;
}
