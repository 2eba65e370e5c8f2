import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { digestSchema } from '../../events/descriptor.ts';
import { type Ended, makeFolder, runCommand, startCommand } from '../scripts/command.ts';
import { writeExperiment } from '../support/experiment.ts';

const trialSchema = z.strictObject({
  name: z.string().regex(/^xor-mlp-[bcdfghjklmnpqrstvwxz2456789]{8}$/),
  status: z.enum(['Succeeded', 'EarlyStopped', 'Failed', 'MetricsUnavailable']),
  assignments: z.record(z.string(), z.string()),
  metrics: z.record(z.string(), z.number()),
  reason: z.string().optional(),
});

/** The document that `tune --json` prints, and nothing else. */
const documentSchema = z.strictObject({
  experiment: z.string(),
  status: z.string(),
  reason: z.string(),
  best: trialSchema.pick({ assignments: true, metrics: true }).extend({ trial: z.string() }),
  trials: z.array(trialSchema),
  trialsPerSecond: z.number().nullable(),
  digest: digestSchema,
  plots: z.array(z.strictObject({ name: z.string(), png: z.string(), html: z.string(), spec: z.string() })),
});

function documentOf({ code, stdout, stderr }: Ended) {
  assert.equal(code, 0, stderr);
  return documentSchema.parse(JSON.parse(stdout));
}

test('a search gives the same trials, best trial and digest again, also after kill -9 in the middle', async () => {
  await using once = await makeFolder();
  await using again = await makeFolder();
  const file = await writeExperiment(once.path);
  const args = ['tune', file, '--json'];
  const first = documentOf(await runCommand(args, { cwd: once.path }));
  assert.deepEqual([first.status, first.reason, first.trials.length], ['Succeeded', 'ExperimentMaxTrialsReached', 12]);
  assert.ok((first.best.metrics.validation_accuracy ?? 0) > 0.7);
  assert.ok((first.trialsPerSecond ?? 0) > 0);
  const names = first.plots.map(({ name }) => name).sort();
  assert.deepEqual(names, ['leaderboard', 'optimisation-history', 'parallel-coordinates', 'parameter-importance']);
  for (const { png } of first.plots) assert.equal((await readFile(png)).subarray(1, 4).toString(), 'PNG');

  for (const killedAt of ['2 of 12', '7 of 12']) {
    const killed = startCommand(args, { cwd: again.path });
    await killed.said(killedAt);
    killed.child.kill('SIGKILL');
    assert.equal((await killed.ended).stdout, '');
  }
  const resumed = await runCommand(args, { cwd: again.path });
  assert.match(resumed.stderr, /^xor-mlp: \d+ trials on record$/m);
  const second = documentOf(resumed);
  assert.equal(second.digest, first.digest);
  assert.deepEqual(second.best, first.best);
  assert.deepEqual(second.trials, first.trials);

  const shown = documentOf(await runCommand(args, { cwd: again.path }));
  assert.deepEqual([shown.digest, shown.trialsPerSecond], [first.digest, null]);

  // The best assignments as an experiment, this time with the test points.
  const run = await runCommand(['run', '--from-trial', 'xor-mlp', '--json'], { cwd: again.path });
  assert.equal(run.code, 0, run.stderr);
  const { models, status } = JSON.parse(run.stdout);
  assert.equal(status, 'completed');
  assert.deepEqual(
    models.map(({ name, hidden }: { name: string; hidden: number[] }) => [name, hidden]),
    [[first.best.trial, Array(Number(first.best.assignments.layers)).fill(Number(first.best.assignments.hidden))]],
  );
});

test('a second tuner on the same data folder is refused, and leaves the first one alone', async () => {
  await using folder = await makeFolder();
  const file = await writeExperiment(folder.path);
  const first = startCommand(['tune', file, '--json'], { cwd: folder.path });
  await first.said('1 of 12');
  const second = await runCommand(['tune', file, '--name', 'other'], { cwd: folder.path });
  assert.equal(second.code, 3);
  assert.match(
    second.stderr,
    /^xorflow: The data folder .*\.xorflow is in use by the tuner of process \d+: stop that one, or choose another folder$/m,
  );
  assert.equal(documentOf(await first.ended).trials.length, 12);
});

test('trials that fail fail the search when there are too many, with the reason of the first', async () => {
  await using folder = await makeFolder();
  const file = await writeExperiment(folder.path, (text) =>
    text.replace(`'{"epochs":60}'`, `'{"epochs":1000000}'`).replace(`{"trainSize":600`, '{"trainSize":1000000'),
  );
  const { code, stdout } = await runCommand(['tune', file], { cwd: folder.path });
  assert.equal(code, 1);
  assert.match(stdout, /^Search xor-mlp: Failed \(ExperimentFailed\)$/m);
  assert.match(stdout, /^The first that failed, xor-mlp-\w+: Too long trial of about \d+ s: /m);
});

for (const [what, change, sentence] of [
  ['no bound', (text: string) => text.replace(/ {8}max: "0.3"\n/, ''), /spec\.parameters\.0\.feasibleSpace\.max/],
  [
    'bounds the wrong way round',
    (text: string) => text.replace('max: "0.3"', 'max: "0.0001"'),
    /Wrong value "0\.0001" at spec\.parameters\.0\.feasibleSpace\.max: expected more than min, 0\.001/,
  ],
  [
    'a number where text belongs',
    (text: string) => text.replace('min: "0.001"', 'min: 0.001'),
    /Wrong value 0\.001 at spec\.parameters\.0\.feasibleSpace\.min: expected a string such as "0\.001"/,
  ],
  [
    'a placeholder that nobody declares',
    (text: string) => text.replace('trialParameters.hidden}', 'trialParameters.hiden}'),
    /hiden/,
  ],
  [
    'an unknown algorithm',
    (text: string) => text.replace('multivariate-tpe', 'magic'),
    /Wrong value "magic" at spec\.algorithm\.algorithmName: expected one of .*multivariate-tpe/,
  ],
  [
    'an unknown setting',
    (text: string) => text.replace('n_startup_trials', 'n_startups'),
    /n_startups.*n_startup_trials/,
  ],
  [
    'a metric that no trial prints',
    (text: string) => text.replaceAll('validation_accuracy', 'f1'),
    /Wrong value "f1" at spec\.objective\.objectiveMetricName/,
  ],
  [
    'a field that the tuner does not honour',
    (text: string) => text.replace('  parallelTrialCount: 3', '  nasConfig: {}\n  parallelTrialCount: 3'),
    /spec\.nasConfig: not supported locally/,
  ],
  ['no such file', undefined, /Cannot read the experiment .*nothing\.yaml/],
] as const) {
  test(`an Experiment with ${what} is refused with its place, before anything is done`, async () => {
    await using folder = await makeFolder();
    const file = change ? await writeExperiment(folder.path, change) : join(folder.path, 'nothing.yaml');
    const { code, stdout, stderr } = await runCommand(['tune', file], { cwd: folder.path });
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, sentence);
  });
}
