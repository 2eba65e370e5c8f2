import { join } from 'node:path';
import { Command } from 'commander';
import type { ExperimentSpec, ExperimentSpecInput } from '../../events/spec.ts';
import type { Client } from '../../functions/client/client.ts';
import { EXIT } from '../exit.ts';
import type { SpecOptions } from '../options.ts';
import type { ResultsFolder } from '../results-folder.ts';
import { addJson, addPlace, addSpec, checkPlace, DATA, type PlaceOptions } from './common.ts';

interface RunOptions extends SpecOptions, PlaceOptions {
  readonly out?: string;
  readonly json?: true;
}

/** Says what becomes of the work that an interruption leaves. */
export type Leave = (hint: string | undefined) => void;

/** How an experiment is run and told of. */
interface Reported extends PlaceOptions {
  readonly out?: ResultsFolder | undefined;
  readonly json?: true;
  /** Whether the platform stays up when we end. */
  readonly isForeign: boolean;
  readonly leave: Leave;
}

const EXAMPLES = `
Models: by default a linear one and one with 16 hidden units. --hidden 16,16 gives the second one other widths;
--model names every model itself.

Examples:
  xorflow run                                            the default experiment
  xorflow run --dims 3 --hidden 32 --epochs 500
  xorflow run --model linear= --model wide=64 --model deep=16,16
  xorflow run --preset course --json > result.json
  echo '{"dataset": {"dims": 3}}' | xorflow run --spec -
  xorflow run --from-trial xor-mlp                       the best model of a search, looked at with the test points
  xorflow run --to http://xorflow.example.com`;

export function defineRun(signal: AbortSignal, leave: Leave): Command {
  const command = new Command('run').description('run one experiment, show its table of models and keep its plots');
  addJson(addPlace(addSpec(command)))
    .option('--from-trial <name>', 'the model and the data of a trial, or of the best one of a search')
    .option('--out <dir>', `where plots, models and data go (default: "${DATA}/results/ID")`)
    .addHelpText('after', EXAMPLES);
  return command.action((options: RunOptions) => run(options, signal, leave));
}

async function run(options: RunOptions, signal: AbortSignal, leave: Leave): Promise<void> {
  checkPlace(options);
  const { specOf } = await import('../options.ts');
  // Of a trial only the platform knows; what else is wrong is told before there is one.
  const spec = specOf(options);
  const client = await clientOf(options);
  await using out = options.out === undefined ? undefined : await openOut(options.out);
  const settled = async ({ url }: Client) =>
    options.fromTrial === undefined ? spec : specOf(options, { base: await trialSpec(url, options.fromTrial, signal) });
  if (client)
    return await runAndReport(client, await settled(client), { ...options, out, isForeign: true, leave }, signal);
  const { joinLocal } = await import('../local.ts');
  await using local = await joinLocal(options.store ?? DATA);
  signal.throwIfAborted();
  const given = await settled(local.client);
  await runAndReport(local.client, given, { ...options, out, isForeign: local.isForeign, leave }, signal);
}

/** The experiment that a trial was a part of, of that model alone. */
async function trialSpec(url: string, name: string, signal: AbortSignal): Promise<ExperimentSpecInput> {
  const { makeSearchClient } = await import('../../functions/client/searches.ts');
  const { name: trial, request } = await makeSearchClient(url).trial(name, signal);
  const { training, ...model } = request.model;
  return { name: trial, dataset: request.dataset, training, models: [{ ...model, name: trial }] };
}

async function clientOf({ to }: RunOptions): Promise<Client | undefined> {
  if (to === undefined) return undefined;
  const [{ makeClient }, { parseUrl }] = await Promise.all([
    import('../../functions/client/client.ts'),
    import('../url.ts'),
  ]);
  return makeClient(parseUrl(to));
}

async function openOut(folder: string): Promise<ResultsFolder> {
  return (await import('../results-folder.ts')).openOut(folder);
}

/** Runs an experiment, keeps its results and tells of them on stdout; sets the exit code if it failed. */
export async function runAndReport(
  client: Client,
  spec: ExperimentSpec,
  options: Reported,
  signal: AbortSignal,
): Promise<void> {
  const { runExperiment } = await import('../experiment.ts');
  const { exportResults } = await import('../results.ts');
  const { openFolder } = await import('../results-folder.ts');
  const { documentOf, formatFailure, formatOutcome } = await import('../report.ts');
  const { isForeign, leave } = options;
  const taken = (id: string) =>
    leave(
      isForeign
        ? `the platform at ${client.url} goes on with ${id}`
        : `"xorflow up" or the next run on this store completes ${id}`,
    );
  const outcome = await runExperiment(client, spec, { screen: process.stderr, signal, taken });
  const { state } = outcome;
  leave(`"xorflow show ${state.id} --out DIR" writes its results`);
  if (state.failure) {
    process.exitCode = EXIT.failed;
    process.stderr.write(`xorflow: ${formatFailure(state)}\n`);
    if (options.json) process.stdout.write(`${JSON.stringify(documentOf(state, []))}\n`);
    return;
  }
  await using folder = options.out ?? (await openFolder(join(options.store ?? DATA, 'results', state.id)));
  const plots = await exportResults(client, outcome, folder, signal);
  process.stdout.write(
    options.json ? `${JSON.stringify(documentOf(state, plots))}\n` : formatOutcome(state, plots, folder.path),
  );
}
