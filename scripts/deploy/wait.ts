import { setTimeout as sleep } from 'node:timers/promises';
import { XorflowError } from '../../events/errors.ts';
import type { KubernetesObject } from '../../knative/kustomize/resource.ts';
import type { Cluster } from './cluster.ts';

/** How long to wait, and how often to look. */
export interface Waiting {
  /** By `performance.now()`. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Looks at objects again and again until each is as it should be.
 *
 * @param isDone called with what an object is now; undefined where it is gone
 * @returns those that are not, as they were last seen, when the time is up
 * @throws XorflowError `PLATFORM_UNREACHABLE` when the cluster is away at the end; before it, that is waited out
 */
export async function waitFor(
  cluster: Cluster,
  objects: readonly KubernetesObject[],
  isDone: (object: KubernetesObject, live: KubernetesObject | undefined) => boolean,
  { deadline, signal }: Waiting,
): Promise<{ readonly object: KubernetesObject; readonly live: KubernetesObject | undefined }[]> {
  let pending = objects.map((object) => ({ object, live: undefined as KubernetesObject | undefined }));
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    const isOver = performance.now() >= deadline;
    try {
      const seen = await Promise.all(pending.map(async ({ object }) => ({ object, live: await cluster.read(object) })));
      pending = seen.filter(({ object, live }) => !isDone(object, live));
    } catch (error) {
      const isAway = error instanceof XorflowError && error.code === 'PLATFORM_UNREACHABLE';
      if (!isAway || isOver) throw error;
    }
    if (pending.length === 0 || isOver) return pending;
    const left = Math.max(0, deadline - performance.now());
    await sleep(Math.min(pause, left), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
