import type { CloudEvent } from 'cloudevents';
import { z } from 'zod';
import { derivedId, type EventOf, makeEvent } from '../../events/define.ts';
import { keyOf } from '../../events/ids.ts';
import { eventFromJson } from '../../events/read.ts';
import { experimentFailed, modelTrained } from '../../events/registry.ts';
import type { Deps } from '../host/function.ts';
import { LOG } from '../store/port.ts';

const SOURCE = '/xorflow/watchdog';

/** What an ApiServerSource in mode `Resource` sends of an object that is new or has changed. */
const CHANGES = ['dev.knative.apiserver.resource.add', 'dev.knative.apiserver.resource.update'];

/** The label by which JobSink says whose Job it is. */
const JOB_ID = 'sinks.knative.dev/job-sink-id';

const jobSchema = z.object({
  kind: z.literal('Job'),
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
  status: z
    .object({
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            reason: z.string().optional(),
            message: z.string().optional(),
          }),
        )
        .default([]),
    })
    .default({ conditions: [] }),
});

/**
 * Tells of a training whose Job has failed for good and could not say so itself: killed for its memory, evicted, never
 * started, over its time.
 */
export async function watchJob(
  event: CloudEvent<unknown>,
  { store, log }: Deps,
): Promise<readonly EventOf<typeof experimentFailed>[]> {
  if (!CHANGES.includes(event.type)) return [];
  const job = jobSchema.safeParse(event.data).data;
  const failure = job?.status.conditions.find(({ type, status }) => type === 'Failed' && status === 'True');
  if (!job || !failure) return [];
  const { name, labels } = job.metadata;
  const entry = await store.logs.find(LOG.jobs, labels[JOB_ID] ?? '');
  const request = entry && eventFromJson(entry.value);
  if (request?.type !== 'training.requested' || !request.data) {
    log.warn({ job: name, labels }, 'a Job failed that no training is known for');
    return [];
  }
  const { experiment, model } = request.data;
  // It may have failed at the very end: what it was for is there.
  const trained = { source: '/xorflow/train', id: derivedId(request, modelTrained) };
  if (await store.logs.find(LOG.events(experiment), keyOf(trained))) return [];
  const why = [failure.reason, failure.message].filter((text) => text).join(': ') || 'no reason given';
  const { type, source, id } = request;
  return [
    makeEvent(experimentFailed, {
      source: SOURCE,
      id: derivedId(request, experimentFailed),
      subject: experiment,
      data: {
        stage: 'train',
        code: 'JOB_FAILED',
        reason: `Job ${name} of model ${JSON.stringify(model.name)} ended without a result (${why})`.slice(0, 2_000),
        cause: { type, source, id },
      },
    }),
  ];
}
