import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import type { ExperimentSpec } from '../../events/spec.ts';
import { EXIT, usageError } from '../exit.ts';
import type { Outcome } from '../experiment.ts';
import { addJson, addPlace, openPlace, type PlaceOptions } from './common.ts';

/** One artifact of the experiment and of its repetition. */
export interface Comparison {
  readonly artifact: string;
  readonly was: string | undefined;
  readonly is: string | undefined;
  readonly equal: boolean;
}

export function defineVerify(signal: AbortSignal): Command {
  const command = new Command('verify')
    .description('prove an experiment by running it again elsewhere and comparing every byte')
    .argument('<id>', 'of a completed experiment, as "xorflow list" shows it');
  return addJson(addPlace(command))
    .addHelpText('after', '\nThe repetition runs in a temporary platform of its own. Exit code 1: something differs.')
    .action((id: string, options: PlaceOptions & { json?: true }) => verify(id, options, signal));
}

async function verify(id: string, options: PlaceOptions & { json?: true }, signal: AbortSignal): Promise<void> {
  const { stateOf } = await import('../../functions/client/logged.ts');
  const { entriesOf } = await import('../results.ts');
  const { formatTable } = await import('../table.ts');
  await using records = await openPlace(options);
  const events = await records.events(id, signal);
  const state = stateOf(id, events);
  if (state.status !== 'completed' || !state.spec) {
    throw usageError(`Experiment ${id} is ${state.status}: expected a completed one, only that has results to compare`);
  }
  const again = await repeat(state.spec, signal);
  if (again.state.failure) {
    process.exitCode = EXIT.failed;
    const { stage, reason } = again.state.failure;
    process.stderr.write(`xorflow: The repetition of ${id} failed in ${stage}: ${reason}\n`);
    if (options.json) process.stdout.write(`${JSON.stringify({ id, equal: false, stage, reason })}\n`);
    return;
  }
  const comparisons = compare(entriesOf({ state, events }), entriesOf(again));
  const different = comparisons.filter(({ equal }) => !equal);
  if (different.length > 0) process.exitCode = EXIT.failed;
  if (options.json) {
    const document = { id, equal: different.length === 0, artifacts: comparisons };
    return void process.stdout.write(`${JSON.stringify(document)}\n`);
  }
  const short = (digest: string | undefined) => digest?.slice('sha256:'.length, 'sha256:'.length + 12) ?? 'missing';
  const columns = [
    { title: 'Artifact', text: (one: Comparison) => one.artifact },
    { title: 'Then', text: (one: Comparison) => short(one.was) },
    { title: 'Now', text: (one: Comparison) => short(one.is) },
    { title: '', text: (one: Comparison) => (one.equal ? 'equal' : 'different') },
  ];
  process.stdout.write(formatTable(columns, comparisons));
  process.stdout.write(
    different.length === 0
      ? `\nAll ${comparisons.length} artifacts of ${id} are equal, byte for byte\n`
      : `\n${different.length} of ${comparisons.length} artifacts of ${id} differ\n`,
  );
}

/** Runs a spec in a platform that nothing else has ever been run in. */
async function repeat(spec: ExperimentSpec, signal: AbortSignal): Promise<Outcome> {
  const [{ startLocal }, { makeClient }, { runExperiment }] = await Promise.all([
    import('../local.ts'),
    import('../../functions/client/client.ts'),
    import('../experiment.ts'),
  ]);
  const data = await mkdtemp(join(tmpdir(), 'xorflow-verify-'));
  try {
    await using local = await startLocal({ data, port: 0 });
    signal.throwIfAborted();
    return await runExperiment(makeClient(local.url), spec, { screen: process.stderr, signal });
  } finally {
    await rm(data, { recursive: true, force: true, maxRetries: 3 });
  }
}

function compare(
  before: readonly { path: string; digest: string }[],
  after: readonly { path: string; digest: string }[],
): Comparison[] {
  const was = new Map(before.map(({ path, digest }) => [path, digest]));
  const is = new Map(after.map(({ path, digest }) => [path, digest]));
  return [...new Set([...was.keys(), ...is.keys()])].sort().map((artifact) => {
    const [then, now] = [was.get(artifact), is.get(artifact)];
    return { artifact, was: then, is: now, equal: then !== undefined && then === now };
  });
}
