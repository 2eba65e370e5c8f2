import { XorflowError } from '../../events/errors.ts';
import type { DatasetSpec, ResolvedModel } from '../../events/spec.ts';
import { estimateMs } from './engines/cost.ts';

/** Where a training runs: in a request of the Service, or as a Job of its own. */
export type Tier = 'service' | 'job';

/** A quarter of the request's time: estimates may be off by two, and a cluster's cores slower by two. */
const DEFAULT_SECONDS = 60;

/**
 * The one setting between the tiers, `XORFLOW_JOB_SECONDS`: trainings that are estimated to take longer on one core are
 * Jobs. 0 makes a Job of every training.
 *
 * @returns milliseconds
 * @throws XorflowError `INVALID_ARGUMENT` for what is no number of seconds
 */
export function readJobLimit(env: Readonly<Record<string, string | undefined>>): number {
  const text = env.XORFLOW_JOB_SECONDS;
  const seconds = text === undefined || text === '' ? DEFAULT_SECONDS : Number(text);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
  throw new XorflowError(
    'INVALID_ARGUMENT',
    `Wrong value ${JSON.stringify(text)} in XORFLOW_JOB_SECONDS: expected a number of seconds from 0`,
  );
}

/** By the spec alone, so that a redelivery gives the same; on the slower of the backends where there are two. */
export function tierOf(dataset: DatasetSpec, model: ResolvedModel, limitMs: number): Tier {
  const engine = model.training.engine === 'tensorflow' ? 'wasm' : 'fused';
  const work = { dims: dataset.dims, points: dataset.trainSize, model };
  return estimateMs(engine, work) > limitMs ? 'job' : 'service';
}
