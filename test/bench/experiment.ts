/** A local platform, for `npm run bench`: each line names a preset. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PRESETS } from '../../events/presets.ts';
import { specSchema } from '../../events/spec.ts';
import { makeClient } from '../../functions/client/client.ts';
import { runExperiment } from '../../scripts/experiment.ts';
import { startLocal } from '../../scripts/local.ts';
import { answer } from './answer.ts';

const data = await mkdtemp(join(tmpdir(), 'xorflow-bench-'));
process.once('SIGTERM', () => void rm(data, { recursive: true, force: true }).then(() => process.exit(0)));
// The functions' own metric lines go to stdout, which is for the answers here.
const local = await startLocal({ data, port: 0 });
const client = makeClient(local.url);
const screen = { write: () => true };
const { signal } = new AbortController();

await answer(`at ${local.url}`, async (preset) => {
  const spec = specSchema.parse(preset === 'course' ? PRESETS.course : PRESETS.default);
  const started = performance.now();
  const { state } = await runExperiment(client, spec, { screen, signal });
  const ms = performance.now() - started;
  const models = state.table.map(({ test }) => `${(test.accuracy * 100).toFixed(1)} %`);
  return { ms, outcome: `${state.status}, test accuracy ${models.join(' and ')}` };
});
