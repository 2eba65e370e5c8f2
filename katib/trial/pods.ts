import type { V1Pod } from '@kubernetes/client-node';
import { textOf } from '../../functions/client/body.ts';
import { LIVED_MS } from '../../functions/client/follow.ts';
import { Dropped, drop, makeBackoff, readBody } from '../../functions/client/http.ts';
import { readLines } from '../../functions/client/sse.ts';
import type { Cluster } from './cluster.ts';

/** Which pods are watched, and for which of their containers. */
export interface Watched {
  readonly namespace: string;
  readonly selector: string;
  readonly container: string;
  /** How long the API server may be away, in milliseconds. */
  readonly away: number;
}

/** A pod whose container has been started, so that it has a log. */
export interface Pod {
  readonly name: string;
  /** Names the container: another one after a restart. */
  readonly run: string;
  readonly isRunning: boolean;
}

/** The API server ends a watch after so long; what is silent for longer is no connection. */
const WATCH_SECONDS = 300;

/** What a watch streams, one JSON object a line. */
interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: V1Pod;
}

/**
 * The pods that have a log, whenever something changed: Knative starts and stops them as it needs them. It
 * ends by throwing.
 *
 * @throws XorflowError `CLUSTER_REFUSED`, `PLATFORM_UNREACHABLE`; the signal's reason
 */
export async function* watchPods(
  cluster: Cluster,
  { namespace, selector, container, away }: Watched,
  signal: AbortSignal,
): AsyncGenerator<readonly Pod[]> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
  const labels = { labelSelector: selector };
  const backoff = makeBackoff(cluster.server, away);
  for (;;) {
    let connectedAt = Number.POSITIVE_INFINITY;
    try {
      const list = await cluster.read({ verb: 'list', resource: 'pods', path, query: labels }, signal);
      const { items, metadata } = parse<{ items: V1Pod[]; metadata: { resourceVersion: string } }>(
        await textOf(list).catch(drop),
      );
      const pods = new Map<string, Pod>();
      for (const item of items) apply(pods, item, container);
      yield [...pods.values()];
      const query = {
        ...labels,
        watch: 'true',
        resourceVersion: metadata.resourceVersion,
        timeoutSeconds: String(WATCH_SECONDS),
      };
      const watch = await cluster.read({ verb: 'watch', resource: 'pods', path, query }, signal);
      connectedAt = performance.now();
      for await (const line of readLines(readBody(watch, 2 * WATCH_SECONDS * 1000, signal))) {
        const { type, object } = parse<Change>(line);
        if (type === 'ERROR') break;
        if (type === 'BOOKMARK') continue;
        if (type === 'DELETED') pods.delete(object.metadata?.name ?? '');
        else apply(pods, object, container);
        yield [...pods.values()];
      }
      throw new Dropped('its watch of pods ended early');
    } catch (error) {
      if (performance.now() - connectedAt > LIVED_MS) backoff.reset();
      await backoff.pause(error, signal);
    }
  }
}

function apply(pods: Map<string, Pod>, { metadata, status }: V1Pod, container: string): void {
  const name = metadata?.name ?? '';
  const found = status?.containerStatuses?.find((one) => one.name === container);
  // A container has its id from its start on, and no log before.
  if (!found?.containerID) return void pods.delete(name);
  pods.set(name, { name, run: found.containerID, isRunning: found.state?.running !== undefined });
}

/** @throws Dropped for what is no JSON: a proxy stands before the API server that is away */
function parse<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new Dropped('its answer is no JSON');
  }
}
