// Runs on Node 20 and later without a single package, as setup.mjs does.
import { spawn } from 'node:child_process';
import { basename } from 'node:path';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** A terminal's Ctrl-C comes twice, from the terminal and from the npm that started us: one press. */
const ONE_PRESS_MS = 400;
/** By then npm is not going to end by itself. */
const PATIENCE_MS = 5_000;
const HAS_GROUPS = process.platform !== 'win32';

/**
 * Runs npm and gathers what it says. A signal goes to npm and to everything that npm has started, and is waited for:
 * whoever comes next must not find an npm at work. A second one, or five seconds, kill them.
 *
 * @param {string[]} args
 * @param {string} cwd
 * @returns {Promise<{ code: number | null, output: string, signal: NodeJS.Signals | undefined }>} with the signal that
 * interrupted it
 */
export async function runNpm(args, cwd) {
  const script = process.env.npm_execpath ?? '';
  const viaScript = /^npm(-cli)?\.[cm]?js$/.test(basename(script));
  const [command, all] = viaScript ? [process.execPath, [script, ...args]] : ['npm', args];
  const child = spawn(command, all, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: the scripts of packages are in it too, and the terminal's Ctrl-C comes through us only.
    detached: HAS_GROUPS,
    // Windows finds npm.cmd through a shell only.
    shell: !viaScript && !HAS_GROUPS,
  });
  let interrupted;
  let pressedAt = 0;
  let timer;
  const press = (signal) => {
    if (interrupted === undefined) {
      interrupted = signal;
      pressedAt = performance.now();
      timer = setTimeout(() => kill(child, 'SIGKILL'), PATIENCE_MS);
      kill(child, signal);
    } else if (performance.now() - pressedAt > ONE_PRESS_MS) kill(child, 'SIGKILL');
  };
  for (const signal of SIGNALS) process.on(signal, press);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const code = await new Promise((done) => {
    child.once('error', (error) => {
      output += `${error.message}\n`;
      done(1);
    });
    // The script of a package may outlive its npm.
    child.once('exit', () => interrupted && kill(child, 'SIGKILL'));
    child.once('close', done);
  });
  clearTimeout(timer);
  for (const signal of SIGNALS) process.off(signal, press);
  return { code, output, signal: interrupted };
}

function kill(child, signal) {
  if (child.pid === undefined) return;
  try {
    if (HAS_GROUPS) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
