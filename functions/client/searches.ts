import type { DataOf } from '../../events/define.ts';
import { writeStructured } from '../../events/envelope.ts';
import { RejectedError } from '../../events/errors.ts';
import { eventFromJson, toEnvelope } from '../../events/read.ts';
import { type KnownEvent, trialRequested } from '../../events/registry.ts';
import { bytesOf, textOf } from './body.ts';
import { followEvents } from './follow.ts';
import { drop, makeBackoff, type Patience, send } from './http.ts';
import { type LoggedEvent, toLogged } from './logged.ts';

type TrialRequest = DataOf<typeof trialRequested>;

const PATIENCE: Patience = { silence: 120_000, away: 15_000 };

/** What the gateway says of a search, as far as it is read here. */
interface SearchView {
  readonly best?: { readonly trial: string };
}

/** What a search needs of a platform. */
export interface SearchClient {
  readonly url: string;
  /** Puts on record what the search works on. */
  start(event: KnownEvent, signal: AbortSignal): Promise<void>;
  /** Asks for a trial; sent again as the same event it still runs once. */
  request(event: KnownEvent, signal: AbortSignal): Promise<void>;
  /** What is on record of a search and its trials; nothing of one that there is not. */
  events(search: string, signal: AbortSignal): Promise<LoggedEvent[]>;
  /**
   * The events of a search, or those of a type, after a position, and then each new one; it ends with the signal only, by
   * throwing its reason.
   */
  follow(search: string, after: number, signal: AbortSignal, type?: KnownEvent['type']): AsyncIterable<LoggedEvent>;
  /**
   * What a trial was asked to do; of the name of a search its best trial.
   *
   * @throws RejectedError `NOT_FOUND` for neither, and for a search without a result
   */
  trial(name: string, signal: AbortSignal): Promise<{ readonly name: string; readonly request: TrialRequest }>;
  /** The metric lines that a trial has printed so far. */
  lines(trial: string, signal: AbortSignal): Promise<string>;
}

/**
 * Talks to the gateway at `url` about searches. Its methods throw XorflowError: `PLATFORM_UNREACHABLE` when nobody
 * answers for too long, `INVALID_SPEC` and `NOT_FOUND` with the gateway's own sentence.
 */
export function makeSearchClient(url: string, patience: Patience = PATIENCE): SearchClient {
  const attempt = <R>(signal: AbortSignal, work: () => Promise<R>) =>
    makeBackoff(url, patience.away).repeat(signal, work);
  const post = async (path: string, event: KnownEvent, signal: AbortSignal) => {
    const { headers, body } = writeStructured(toEnvelope(event));
    await attempt(signal, async () => {
      const answer = await send(url, path, { method: 'POST', headers, body, signal });
      await bytesOf(answer.body).catch(drop);
    });
  };
  const text = (path: string, accept: string, signal: AbortSignal) =>
    attempt(signal, async () => textOf((await send(url, path, { headers: { accept }, signal })).body).catch(drop));
  /** The answer as JSON; undefined where there is none of this name. */
  const find = async (path: string, signal: AbortSignal): Promise<unknown> => {
    try {
      return JSON.parse(await text(path, 'application/json', signal));
    } catch (error) {
      if (error instanceof RejectedError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    }
  };
  const requestOf = async (trial: string, signal: AbortSignal): Promise<TrialRequest | undefined> => {
    const events = (await find(`/trials/${encodeURIComponent(trial)}/events`, signal)) as unknown[] | undefined;
    const known = events?.map((event) => eventFromJson(JSON.stringify(event)));
    const request = known?.find((event) => event?.type === trialRequested.type);
    return request?.type === trialRequested.type ? request.data : undefined;
  };
  const eventsOf = (search: string) => `/searches/${encodeURIComponent(search)}/events`;

  return {
    url,
    start: (event, signal) => post('/searches', event, signal),
    request: (event, signal) => post('/trials', event, signal),
    async events(search, signal) {
      const list = ((await find(eventsOf(search), signal)) ?? []) as unknown[];
      return list.map((event, index) => toLogged(index + 1, JSON.stringify(event)));
    },
    async trial(name, signal) {
      const request = await requestOf(name, signal);
      if (request) return { name, request };
      const search = (await find(`/searches/${encodeURIComponent(name)}`, signal)) as SearchView | undefined;
      const best = search?.best && (await requestOf(search.best.trial, signal));
      if (search?.best && best) return { name: search.best.trial, request: best };
      const what = search
        ? `No trial with a result in search ${JSON.stringify(name)}`
        : `No trial or search ${JSON.stringify(name)}`;
      throw new RejectedError('NOT_FOUND', `${what}: /trials lists those that there are`);
    },
    follow: (search, after, signal, type) => followEvents(url, eventsOf(search), after, patience, signal, type),
    lines: (trial, signal) => text(`/trials/${encodeURIComponent(trial)}/logs?follow=false`, 'text/plain', signal),
  };
}
