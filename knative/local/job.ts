import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { DIE_WITH_PARENT, forwardLines } from './child-process.ts';
import type { Exit } from './instance.ts';

/** What a JobSink says of its Jobs. */
export interface JobTemplate {
  /** The absolute path of the function's `index.ts`. */
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  readonly backoffLimit: number;
  /** Undefined is no limit. */
  readonly deadlineMs: number | undefined;
  /** Whether `podFailurePolicy` ends the Job at an exit code. */
  isFinal(code: number): boolean;
}

export interface JobEnd {
  readonly type: 'Complete' | 'Failed';
  readonly reason: string;
  readonly message: string;
}

/** Waits before a pod is started again: as the Job controller, 10 s doubled up to 6 minutes. */
const BACKOFF = { firstMs: 10_000, longestMs: 360_000 };
const GRACE_MS = 30_000;

export interface RunJobOptions {
  /** The folder with the file `event`. */
  readonly folder: string;
  /** Ends the Job without an end: it is to be run again. */
  readonly signal: AbortSignal;
  readonly backoff?: { readonly firstMs: number; readonly longestMs: number };
  onOutput(stream: 'stdout' | 'stderr', line: string): void;
}

/**
 * Runs a Job as the Job controller does: a process after the other until one exits with 0, there were too many, the time
 * is up, or `podFailurePolicy` says that no other can help.
 *
 * @returns undefined when it was stopped by the signal
 */
export async function runJob(template: JobTemplate, options: RunJobOptions): Promise<JobEnd | undefined> {
  const { firstMs, longestMs } = options.backoff ?? BACKOFF;
  const { deadlineMs } = template;
  const deadline = deadlineMs === undefined ? undefined : AbortSignal.timeout(deadlineMs);
  const either = deadline ? AbortSignal.any([options.signal, deadline]) : options.signal;
  for (let attempt = 0; ; attempt++) {
    const exit = await runProcess(template, options, either);
    if (exit.code === 0) return { type: 'Complete', reason: 'CompletionsReached', message: 'Reached completions' };
    if (options.signal.aborted) return undefined;
    if (deadline?.aborted) return failed('DeadlineExceeded', 'Job was active longer than specified deadline');
    const how = exit.signal === null ? `exit code ${exit.code}` : exit.signal;
    if (exit.code !== null && template.isFinal(exit.code)) {
      return failed('PodFailurePolicy', `a pod ended with ${how}, which fails the Job at once`);
    }
    if (attempt >= template.backoffLimit) {
      return failed(
        'BackoffLimitExceeded',
        `Job has reached the specified backoff limit; its last pod ended with ${how}`,
      );
    }
    await sleep(Math.min(longestMs, firstMs * 2 ** attempt), undefined, { signal: either }).catch(() => undefined);
    if (options.signal.aborted) return undefined;
    if (deadline?.aborted) return failed('DeadlineExceeded', 'Job was active longer than specified deadline');
  }
}

function failed(reason: string, message: string): JobEnd {
  return { type: 'Failed', reason, message };
}

/** One pod: SIGTERM when the signal says so, SIGKILL after the grace. */
function runProcess(
  { file, env }: JobTemplate,
  { folder, onOutput }: RunJobOptions,
  signal: AbortSignal,
): Promise<Exit> {
  const child = spawn(process.execPath, ['--import', DIE_WITH_PARENT, file], {
    env: { ...env, K_EVENT_PATH: folder },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  forwardLines(child.stdout, (line) => onOutput('stdout', line));
  forwardLines(child.stderr, (line) => onOutput('stderr', line));
  return new Promise((resolve) => {
    let killer: NodeJS.Timeout | undefined;
    const stop = () => {
      child.kill('SIGTERM');
      killer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    };
    const end = (exit: Exit) => {
      clearTimeout(killer);
      signal.removeEventListener('abort', stop);
      resolve(exit);
    };
    child.once('exit', (code, name) => end({ code, signal: name }));
    child.once('error', () => end({ code: null, signal: null }));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
