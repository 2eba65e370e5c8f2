import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { loadPipeline } from '../../kfp/local/load.ts';
import { type RunResult, runPipeline, type TaskRecord } from '../../kfp/local/run.ts';
import { DATA } from '../commands/common.ts';
import type { RunOptions } from '../commands/pipeline.ts';
import { EXIT, usageError } from '../exit.ts';
import { joinLocal } from '../local.ts';
import { type Column, formatTable } from '../table.ts';
import { parseUrl } from '../url.ts';
import { readParameters } from './parameters.ts';

/** What means something to a server alone. */
const REMOTE_ONLY = {
  host: '--host',
  namespace: '--namespace',
  tokenFile: '--token-file',
  serviceAccount: '--service-account',
} as const;

/** Runs the pipeline on this machine; sets the exit code if it failed. */
export async function run(options: RunOptions, signal: AbortSignal): Promise<void> {
  for (const [name, flag] of Object.entries(REMOTE_ONLY) as [keyof typeof REMOTE_ONLY, string][]) {
    if (options[name] !== undefined) throw usageError(`${flag} with --local: expected it for a run in Kubeflow alone`);
  }
  const parameters = readParameters(options.param);
  const loaded = await loadPipeline(options.file);
  const data = options.store ?? DATA;
  await using place = options.to === undefined ? await joinLocal(data) : undefined;
  signal.throwIfAborted();
  const gateway = place?.url ?? parseUrl(options.to ?? '');
  const id = randomUUID();
  const folder = options.out ?? join(data, 'runs', id);
  const started = performance.now();
  const result = await runPipeline(loaded, {
    run: id,
    parameters: { gateway, ...parameters },
    folder,
    signal,
    onOutput: (path, _stream, line) => process.stderr.write(`${path}: ${line}\n`),
    onTask: ({ path, state, reason }) => process.stderr.write(`${state} ${path}${reason ? `: ${reason}` : ''}\n`),
  });
  signal.throwIfAborted();
  if (result.state === 'FAILED') process.exitCode = EXIT.failed;
  const seconds = (performance.now() - started) / 1000;
  if (options.json) process.stdout.write(`${JSON.stringify({ run: id, ...result, seconds })}\n`);
  else process.stdout.write(formatRun(id, result, folder));
}

const COLUMNS: readonly Column<TaskRecord>[] = [
  { title: 'Task', text: ({ path }) => path },
  { title: 'State', text: ({ state }) => state },
  { title: 'Attempts', align: 'right', text: ({ attempts }) => String(attempts) },
  { title: 'Artifacts', text: ({ artifacts }) => artifacts.map(({ name }) => name).join(', ') },
];

function formatRun(id: string, { state, tasks }: RunResult, folder: string): string {
  return `\nRun ${id}: ${state}\n\n${formatTable(COLUMNS, tasks)}\nArtifacts: ${folder}\n`;
}
