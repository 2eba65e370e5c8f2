import { setTimeout as sleep } from 'node:timers/promises';
import { XorflowError } from '../../events/errors.ts';
import { LIVED_MS } from '../../functions/client/follow.ts';
import { causeOf, Dropped, makeBackoff, readBody } from '../../functions/client/http.ts';
import { readLines } from '../../functions/client/sse.ts';
import { type Cluster, openCluster } from './cluster.ts';
import { type Pod, type Watched, watchPods } from './pods.ts';
import { type FollowedTrial, type ReadLines, TrialFailed } from './run.ts';
import type { PodsSettings } from './settings.ts';

/** What reading from pods waits for, in milliseconds. */
export interface PodsPatience {
  /** How long the API server may be away. */
  readonly away: number;
  /** How long the last line of a trial may come after its result. */
  readonly late: number;
}

const PATIENCE: PodsPatience = { away: 180_000, late: 15_000 };
const SILENCE_MS = 600_000;
/** How far the clocks of two nodes may be apart. */
const SKEW_MS = 300_000;
/** Where the function is, if nothing else is known. */
const NAMESPACE = 'xorflow';

/**
 * The lines of a trial from the logs of the pods that train, all at once: who of them trains this one is not known, and
 * after a redelivery it may be another. They are all there when that of the last epoch is.
 */
export function readPodLines(settings: PodsSettings, { away, late }: PodsPatience = PATIENCE): ReadLines {
  return async (followed, signal) => {
    const cluster = openCluster();
    const { selector, container, namespace = cluster.namespace ?? NAMESPACE } = settings;
    const watched = { namespace, selector, container, away };
    const reading = new AbortController();
    const until = AbortSignal.any([signal, reading.signal]);
    try {
      await Promise.race([followPods(cluster, watched, followed, until), lastLine(followed, watched, late, until)]);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof XorflowError) || error.code !== 'PLATFORM_UNREACHABLE') throw error;
      throw new XorflowError('PLATFORM_UNREACHABLE', `Cannot reach the cluster ${cluster.server}: ${causeOf(error)}`);
    } finally {
      reading.abort();
    }
  };
}

/** Resolves when the line of the last epoch is printed. @throws TrialFailed when it is not */
async function lastLine(
  { trial, completed, printer }: FollowedTrial,
  { selector, namespace }: Watched,
  late: number,
  signal: AbortSignal,
): Promise<void> {
  const result = await completed;
  if (result.status !== 'succeeded') return;
  await Promise.race([printer.reached(result.epochs), sleep(late, undefined, { signal })]);
  if (printer.lastEpoch >= result.epochs || printer.refused !== undefined) return;
  const where = `in the logs of the pods ${selector} in namespace ${namespace}`;
  const last = printer.lastEpoch === 0 ? 'there is none' : `the last one is of epoch ${printer.lastEpoch}`;
  throw new TrialFailed(`No line of epoch ${result.epochs} of trial ${trial.name} ${where}: ${last}`);
}

/** Hands the lines of all pods to the printer, of those too that start later. It ends by throwing. */
async function followPods(
  cluster: Cluster,
  watched: Watched,
  { trial, printer }: FollowedTrial,
  signal: AbortSignal,
): Promise<never> {
  const requestedAt = Date.parse(trial.requestedAt ?? '') || Date.now();
  const since = new Date(requestedAt - SKEW_MS).toISOString().replace(/\.\d+Z$/, 'Z');
  const runs = new Set<string>();
  let live: ReadonlySet<string> = runs;
  const { promise, reject } = Promise.withResolvers<never>();
  const watch = async () => {
    for await (const pods of watchPods(cluster, watched, signal)) {
      live = new Set(pods.filter(({ isRunning }) => isRunning).map(({ run }) => run));
      for (const pod of pods) {
        if (runs.has(pod.run)) continue;
        runs.add(pod.run);
        const log = { pod, since, isLive: () => live.has(pod.run), take: printer.take };
        followLog(cluster, watched, log, signal).catch(reject);
      }
    }
  };
  watch().catch(reject);
  return promise;
}

interface LogOfPod {
  readonly pod: Pod;
  /** RFC 3339, in whole seconds. */
  readonly since: string;
  isLive(): boolean;
  take(line: string): void;
}

/** Hands the lines of a container to the printer until it has ended; after a lost connection once more from the start. */
async function followLog(
  cluster: Cluster,
  { namespace, container, away }: Watched,
  { pod, since, isLive, take }: LogOfPod,
  signal: AbortSignal,
): Promise<void> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod.name)}/log`;
  const query = { container, follow: 'true', sinceTime: since };
  const backoff = makeBackoff(cluster.server, away);
  for (;;) {
    let connectedAt = Number.POSITIVE_INFINITY;
    try {
      const response = await cluster.read({ verb: 'get', resource: 'pods/log', path, query }, signal);
      connectedAt = performance.now();
      for await (const line of readLines(readBody(response, SILENCE_MS, signal))) take(line);
      if (!isLive()) return;
      throw new Dropped(`its log of pod ${pod.name} ended early`);
    } catch (error) {
      if (error instanceof XorflowError && error.code === 'NOT_FOUND') return;
      if (performance.now() - connectedAt > LIVED_MS) backoff.reset();
      await backoff.pause(error, signal);
    }
  }
}
