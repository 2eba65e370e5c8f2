import { settle } from '../../kfp/local/values.ts';
import { type Change, followRun, tasksOf } from '../../kfp/remote/follow.ts';
import type { RunOptions } from '../commands/pipeline.ts';
import { EXIT, Interrupted, usageError } from '../exit.ts';
import { printable } from '../table.ts';
import { readParameters } from './parameters.ts';
import { openPlace } from './place.ts';
import { publishTo, readPipeline } from './upload.ts';

/** What means something on this machine alone. */
const LOCAL_ONLY = ['to', 'out', 'store'] as const;

/** Runs the pipeline in Kubeflow Pipelines, and follows it; sets the exit code if it failed. */
export async function runRemote(
  options: RunOptions,
  signal: AbortSignal,
  leave: (hint: string | undefined) => void,
): Promise<void> {
  const stray = LOCAL_ONLY.find((name) => options[name] !== undefined);
  if (stray !== undefined) throw usageError(`--${stray} without --local: expected it for a run on this machine alone`);
  const pipeline = await readPipeline(options.file, options.name);
  const parameters = parametersOf(options, pipeline.loaded.pipeline.root.inputDefinitions.parameters);
  const place = await openPlace(options, signal);
  const { api } = place;
  const published = await publishTo(place, pipeline, signal);
  const created = await api.createRun(
    {
      name: nameOf(pipeline.name, parameters),
      experiment: await api.ensureExperiment(options.experimentName, signal),
      pipeline: published.pipeline,
      version: published.version,
      parameters,
      serviceAccount: options.serviceAccount,
    },
    signal,
  );
  const url = place.linkTo('runs', created.run_id);
  process.stderr.write(`run ${created.run_id}: ${url}\n`);
  leave(`the run goes on: ${url}`);
  const run = options.wait ? await follow() : created;
  if (options.wait && run.state !== 'SUCCEEDED') process.exitCode = EXIT.failed;
  if (options.json) {
    const { pipeline: id, version, versionName } = published;
    const tasks = tasksOf(run).map(({ id: _, ...task }) => task);
    const reason = run.error?.message ? { reason: run.error.message } : {};
    const document = {
      run: run.run_id,
      name: run.display_name,
      state: run.state,
      ...reason,
      url,
      tasks,
      pipeline: id,
      version,
      versionName,
    };
    process.stdout.write(`${JSON.stringify(document)}\n`);
  } else process.stdout.write(options.wait ? `${run.state} ${url}\n` : `${url}\n`);

  async function follow() {
    try {
      return await followRun(api, created.run_id, signal, { tell });
    } catch (error) {
      if (!(error instanceof Interrupted)) process.stderr.write(`the run goes on without us: ${url}\n`);
      throw error;
    }
  }
}

function tell({ task, state, reason }: Change): void {
  process.stderr.write(`${printable(`${state} ${task ?? 'the run'}${reason ? `: ${reason}` : ''}`)}\n`);
}

/** What was given, as the types of the pipeline have it: the server fills in the rest. */
function parametersOf({ param }: RunOptions, declared: Parameters<typeof settle>[0]): Record<string, unknown> {
  const given = readParameters(param);
  const settled = settle(declared, given, true);
  return Object.fromEntries(Object.keys(given).map((name) => [name, settled[name]]));
}

/** A run that shows an experiment is called as that is, like those that an event starts. */
function nameOf(pipeline: string, { experiment }: Readonly<Record<string, unknown>>): string {
  if (typeof experiment === 'string' && experiment !== '') return experiment;
  return `${pipeline} ${new Date().toISOString().slice(0, 19).replace('T', ' ')}`;
}
