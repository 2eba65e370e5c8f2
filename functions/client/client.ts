import { createHash, type Hash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { ExperimentSpec } from '../../events/spec.ts';
import { bytesOf } from './body.ts';
import { followEvents } from './follow.ts';
import {
  drop,
  isBroken,
  isRecord,
  makeBackoff,
  type Patience,
  readBody,
  readJson,
  send,
  toUnreachable,
  unreachable,
} from './http.ts';
import { type Records, type Summary, toLogged } from './logged.ts';
import { readLines } from './sse.ts';

const PATIENCE: Patience = { silence: 120_000, away: 15_000 };

/** What names the event of a request. */
export interface RequestEvent {
  readonly id: string;
  readonly source?: string;
  /** The id of the experiment; without it, it is derived from source and id. */
  readonly subject?: string;
}

/** The HTTP API of a platform. */
export interface Client extends Records {
  readonly url: string;
  /** Requests an experiment and returns its id; sent again as the same event it still starts one. */
  request(spec: ExperimentSpec, signal: AbortSignal, event?: RequestEvent): Promise<string>;
  /** Writes the bytes of a digest to a file, however many they are, verified against it. */
  save(digest: string, file: string, signal: AbortSignal): Promise<void>;
  /** The metric lines of an experiment's trainings, until its end. */
  lines(id: string, signal: AbortSignal): AsyncIterable<string>;
}

/**
 * Talks to the gateway at `url`. Its methods throw XorflowError: `PLATFORM_UNREACHABLE` when nobody answers as a
 * gateway does, `NOT_FOUND` and `INVALID_SPEC` with the gateway's own sentence.
 */
export function makeClient(url: string, patience: Patience = PATIENCE): Client {
  /** One attempt: to look at something is easily repeated by whoever wants to. */
  const get = async (path: string, signal: AbortSignal): Promise<unknown> => {
    const response = await send(url, path, { headers: { accept: 'application/json' }, signal }).catch(
      (error: unknown) => {
        signal.throwIfAborted();
        throw toUnreachable(url, error);
      },
    );
    return readJson(url, response);
  };
  const notGateway = (path: string) => unreachable(`No gateway at ${url}: its answer to ${path} is not what one says`);

  return {
    url,
    async request(spec, signal, event = { id: randomUUID() }) {
      const init = {
        method: 'POST',
        headers: { 'content-type': 'application/cloudevents+json', accept: 'application/json' },
        body: JSON.stringify(toRequest(spec, event)),
        signal,
      };
      const attempt = () => send(url, '/experiments', init);
      // Nobody there at all is told at once; a connection that broke is tried again, under the same event id.
      const response = await attempt().catch((error: unknown) => {
        signal.throwIfAborted();
        if (!isBroken(error)) throw toUnreachable(url, error);
        return makeBackoff(url, patience.away).repeat(signal, attempt);
      });
      const body = await readJson(url, response);
      if (!isRecord(body) || typeof body.id !== 'string') throw notGateway('POST /experiments');
      return body.id;
    },
    async list(signal) {
      const all: Summary[] = [];
      for (let path: unknown = '/experiments?limit=100'; typeof path === 'string'; ) {
        const page = await get(path, signal);
        if (!isRecord(page) || !Array.isArray(page.experiments)) throw notGateway(path);
        all.push(...(page.experiments as Summary[]));
        path = page.next;
      }
      return all;
    },
    async events(id, signal) {
      const path = `/experiments/${encodeURIComponent(id)}/events`;
      const list = await get(path, signal);
      if (!Array.isArray(list)) throw notGateway(path);
      return list.map((event, index) => toLogged(index + 1, JSON.stringify(event)));
    },
    follow: (id, after, signal) =>
      followEvents(url, `/experiments/${encodeURIComponent(id)}/events`, after, patience, signal),
    async *lines(id, signal) {
      const { body } = await send(url, `/experiments/${encodeURIComponent(id)}/logs`, { signal });
      yield* readLines(readBody(body, patience.silence, signal));
    },
    async artifact(digest, signal) {
      const bytes = await makeBackoff(url, patience.away).repeat(signal, async () => {
        const { body } = await send(url, `/artifacts/${digest.replace(':', '/')}`, { signal });
        return bytesOf(body).catch(drop);
      });
      const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      if (found === digest) return bytes;
      throw unreachable(`Wrong bytes from ${url} for artifact ${digest}: they have the digest ${found}`);
    },
    async save(digest, file, signal) {
      const found = await makeBackoff(url, patience.away).repeat(signal, async () => {
        const { body } = await send(url, `/artifacts/${digest.replace(':', '/')}`, { signal });
        const hash = createHash('sha256');
        await pipeline(readBody(body, patience.silence, signal), hashing(hash), createWriteStream(file));
        return `sha256:${hash.digest('hex')}`;
      });
      if (found !== digest)
        throw unreachable(`Wrong bytes from ${url} for artifact ${digest}: they have the digest ${found}`);
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** Hashes what passes through. */
function hashing(hash: Hash) {
  return async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
}

/** The event that asks for an experiment; its id is ours, so that the platform knows a repeated request. */
function toRequest(spec: ExperimentSpec, { id, source = '/xorflow/command', subject }: RequestEvent) {
  return {
    specversion: '1.0',
    type: 'experiment.requested',
    source,
    id,
    ...(subject !== undefined && { subject }),
    datacontenttype: 'application/json',
    data: spec,
  };
}
