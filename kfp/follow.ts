import { XorflowError } from '../events/errors.ts';
import type { KnownEvent } from '../events/registry.ts';
import type { Client } from '../functions/client/client.ts';

/** The experiment failed: what a step has to say of it. */
export class ExperimentFailed extends Error {}

type TypeOf<T extends KnownEvent['type']> = Extract<KnownEvent, { type: T }>;

/**
 * Waits for the first event of an experiment that is wanted, however long ago it came.
 *
 * @throws ExperimentFailed when the experiment ends without it
 * @throws XorflowError `NOT_FOUND`, `PLATFORM_UNREACHABLE`; the signal's reason when it took too long
 */
export async function awaitEvent<T extends KnownEvent['type']>(
  client: Client,
  experiment: string,
  type: T,
  signal: AbortSignal,
  isWanted: (event: TypeOf<T>) => boolean = () => true,
): Promise<TypeOf<T>> {
  for await (const { event } of client.follow(experiment, 0, signal)) {
    if (event?.type === type && isWanted(event as TypeOf<T>)) return event as TypeOf<T>;
    if (event?.type === 'experiment.failed' && event.data) throw new ExperimentFailed(sentenceOfFailure(event.data));
    if (event?.type === 'experiment.completed') {
      throw new ExperimentFailed(`Experiment ${experiment} is completed without the ${type} that was waited for`);
    }
  }
  throw new XorflowError('PLATFORM_UNREACHABLE', `The events of ${experiment} ended before ${type} came`);
}

/** Stage, reason and event of a failure, in one line. */
export function sentenceOfFailure({
  stage,
  code,
  reason,
  cause,
}: NonNullable<TypeOf<'experiment.failed'>['data']>): string {
  return `The experiment failed at ${stage} with ${code}: ${reason} (event ${cause.type} ${cause.source} ${cause.id})`;
}
