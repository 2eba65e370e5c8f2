import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ROOT } from '../tool.ts';
import type { Sample } from './measure.ts';

/**
 * A process that is measured, in whatever language: it says `ready <what it is>` or `missing <why>`, then answers each
 * line with `<milliseconds> <outcome>`. What it says elsewhere than on stdout is not looked at unless it dies.
 */
export interface Subject extends AsyncDisposable {
  readonly description: string;
  ask(line: string): Promise<Sample>;
}

/** How long a process may take to end when nothing more is asked, in milliseconds. */
const CLOSING_MS = 3_000;

/** Starts one; a string is why there is none. */
export async function startSubject(
  command: string,
  args: readonly string[],
  extra: Readonly<Record<string, string>> = {},
): Promise<Subject | string> {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', TF_ENABLE_ONEDNN_OPTS: '0', ...extra };
  const child = spawn(command, args, { cwd: ROOT, env, stdio: 'pipe' });
  let said = '';
  child.stderr.on('data', (text) => (said = `${said}${text}`.slice(-2_000)));
  child.stdin.on('error', () => undefined);
  const ended = endOf(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (!done) return value;
    throw new Error(`${[command, ...args].join(' ')} ended with ${await ended}: ${said.trim()}`);
  };
  const close = async () => {
    child.stdin.end();
    // Whoever has processes of its own ends them first; one that is killed leaves them behind, with our pipes.
    const killer = setTimeout(() => child.kill(), CLOSING_MS);
    await ended;
    clearTimeout(killer);
  };
  try {
    const greeting = await next();
    if (greeting.startsWith('ready ')) {
      return {
        description: greeting.slice('ready '.length),
        async ask(line) {
          child.stdin.write(`${line}\n`);
          const answer = await next();
          const space = answer.indexOf(' ');
          const ms = Number(answer.slice(0, space));
          if (Number.isFinite(ms) && space > 0) return { ms, outcome: answer.slice(space + 1) };
          throw new Error(`${command} answered ${JSON.stringify(answer)}: expected milliseconds and an outcome`);
        },
        [Symbol.asyncDispose]: close,
      };
    }
    await close();
    return greeting.replace(/^missing /, '');
  } catch (error) {
    await close();
    return error instanceof Error ? error.message : String(error);
  }
}

function endOf(child: ChildProcess): Promise<number | string | null> {
  return new Promise((done) => {
    child.once('error', ({ message }) => done(message));
    child.once('close', (code, signal) => done(signal ?? code));
  });
}
