import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Row } from '../../support/metrics-file.ts';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const COLLECTOR = join(ROOT, 'test', 'support', 'fixtures', 'file-metricscollector.ts');

export const TRIAL = 'xor-random-k8d2f4gh';

type Env = Readonly<Record<string, string>>;

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

function start(command: string, args: readonly string[], env: Env): Started {
  const PATH = `${dirname(process.execPath)}:${process.env.PATH}`;
  const child = spawn(command, args, { cwd: ROOT, env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => (stdout += text));
  child.stderr.on('data', (text) => (stderr += text));
  const ended = new Promise<Ended>((done) => child.once('close', (code) => done({ code, stdout, stderr })));
  return { child, ended };
}

/** Starts the program as the template of a trial has it, with nobody to wait for at the end. */
export function startProgram(gateway: string, env: Env = {}): Started {
  const own = { KATIB_TRIAL_NAME: TRIAL, XORFLOW_GATEWAY: gateway, XORFLOW_COLLECTOR_SECONDS: '0' };
  return start('node', ['katib/trial.ts'], { ...own, ...env });
}

/** The shell that Katib's webhook makes of a trial's command, and what it leaves in the folder. */
export interface Wrapped extends Started {
  readonly shell: number;
  /** Standard output and error of the program. */
  metrics(): string;
  /** What the marker says; undefined without one. */
  marker(): string | undefined;
  /** Starts the stand-in for Katib's collector beside it. */
  startCollector(...options: readonly string[]): Started;
}

/** Wraps the command as Katib does for the collector StdOut: `$$` is the shell, words are joined without quotes. */
export function startWrapped(
  gateway: string,
  folder: string,
  { earlyStopping = false, env = {} }: { earlyStopping?: boolean; env?: Env } = {},
): Wrapped {
  const marker = `${folder}/$$.pid`;
  const stop =
    ` || if test -f ${marker} && [ $(head -n 1 ${marker}) = early-stopped ]; ` +
    'then echo Training Container was Early Stopped; else echo Training Container was Failed; exit 1; fi';
  const file = `${folder}/metrics.log`;
  const command = `node katib/trial.ts 1>${file} 2>&1${earlyStopping ? stop : ''} && echo completed > ${marker}`;
  const own = { KATIB_TRIAL_NAME: TRIAL, XORFLOW_GATEWAY: gateway };
  const started = start('sh', ['-c', command], { ...own, ...env });
  const shell = started.child.pid ?? 0;
  const read = (name: string) =>
    readdirSync(folder).includes(name) ? readFileSync(join(folder, name), 'utf8') : undefined;
  return {
    ...started,
    shell,
    metrics: () => read('metrics.log') ?? '',
    marker: () => read(`${shell}.pid`)?.trim(),
    startCollector: (...options) => {
      const given = ['-t', TRIAL, '-m', 'validation_accuracy;loss', '-path', file, '-pid', String(shell)];
      return start('node', [COLLECTOR, ...given, ...options], {});
    },
  };
}

/** What the stand-in for the collector has found. */
export interface Collected {
  readonly error?: string;
  readonly isStopped?: boolean;
  readonly rows: readonly Row[];
}

export async function collectedBy({ ended }: Started): Promise<Collected> {
  const { stdout, stderr } = await ended;
  return JSON.parse(stdout || JSON.stringify({ error: stderr, rows: [] })) as Collected;
}
