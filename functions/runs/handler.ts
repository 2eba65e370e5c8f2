import type { CloudEvent } from 'cloudevents';
import { RejectedError } from '../../events/errors.ts';
import { experimentIdOf, experimentIdSchema } from '../../events/ids.ts';
import { experimentRequested } from '../../events/registry.ts';
import type { Deps } from '../host/function.ts';
import { openPipelines } from '../pipelines/api.ts';
import { SOURCE } from '../pipelines/source.ts';
import { readSettings } from './settings.ts';

/**
 * Starts a run of Kubeflow Pipelines that shows an experiment which somebody else has asked for, once: the run is called
 * as the experiment, and is looked for before it is made. Nothing here may fail an experiment, which runs without it.
 *
 * @throws TransientError when the server is away; RejectedError when it says no, which the host logs and nobody is told
 */
export async function startRun(event: CloudEvent<unknown>, { env, log, signal }: Deps): Promise<readonly never[]> {
  const { type, source, id, subject } = event;
  // A run stands behind it already: another one would show the same.
  if (type !== experimentRequested.type || source === SOURCE) return [];
  const experiment = experimentIdOf({ source, id, subject });
  if (!experimentIdSchema.safeParse(experiment).success) return [];
  if ('knativeerrorcode' in event || 'knativeerrordest' in event) {
    log.warn({ experiment }, 'no run shows it: Kubeflow Pipelines was away in all the attempts of the Trigger');
    return [];
  }
  const { pipeline, group, gateway, ...place } = readSettings(env);
  const api = await openPipelines(place, signal);
  const found = (await api.findPipeline(pipeline, signal)) ?? (await api.findPipeline(pipeline, signal, 'shared'));
  if (found === undefined) {
    const rule = 'expected it there, "xorflow pipeline upload" brings it';
    throw new RejectedError('NOT_FOUND', `No pipeline ${pipeline} at Kubeflow Pipelines at ${place.url}: ${rule}`);
  }
  const shelf = await api.ensureExperiment(group, signal);
  const before = await api.findRun(shelf, experiment, signal);
  if (before) return [];
  const near = await place.credentials.namespace();
  const asked = gateway ?? (near === undefined ? undefined : `http://gateway.${near}.svc.cluster.local`);
  const parameters = { experiment, ...(asked !== undefined && { gateway: asked }) };
  const run = await api.createRun({ name: experiment, experiment: shelf, pipeline: found, parameters }, signal);
  log.info({ experiment, run: run.run_id }, 'a run shows it');
  return [];
}
