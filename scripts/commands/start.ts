import { Command } from 'commander';
import type { Local } from '../local.ts';
import { addJson, addStore, DATA, toPort } from './common.ts';
import { type Leave, runAndReport } from './run.ts';
import { serveUntil } from './up.ts';

const PORT = 8080;

interface StartOptions {
  readonly once?: true;
  readonly json?: true;
  readonly port?: string;
  readonly store?: string;
}

const EXAMPLES = `
Examples:
  npm start                          the platform, the default experiment, its results; then serves the page
  npm start -- --once                ends after the experiment
  npm start -- --once --json         with one JSON document on stdout`;

export function defineStart(signal: AbortSignal, leave: Leave): Command {
  const command = new Command('start')
    .description('bring up the local platform, run the default experiment and keep serving (npm start)')
    .option('--once', 'end after the experiment')
    .option('--port <n>', `of the page and the API (default: ${PORT}, or a free one if that is taken)`);
  return addJson(addStore(command))
    .addHelpText('after', EXAMPLES)
    .action((options: StartOptions) => start(options, signal, leave));
}

async function start(options: StartOptions, signal: AbortSignal, leave: Leave): Promise<void> {
  const data = options.store ?? DATA;
  const port = options.port === undefined ? undefined : toPort(options.port);
  const { joinLocal } = await import('../local.ts');
  await using local = await joinLocal(data, () => bringUp(data, port, options.once === true));
  signal.throwIfAborted();
  const say = (text: string) => void (options.json ? process.stderr : process.stdout).write(text);
  say(`The platform is up: page ${local.url}/  API ${local.url}/openapi.json\n`);
  const { specOf } = await import('../options.ts');
  await runAndReport(local.client, specOf({}), { ...options, isForeign: local.isForeign, leave }, signal);
  if (options.once) return;
  if (local.isForeign) return say(`\nAnother process serves ${local.url}/ on\n`);
  await serveUntil(signal, local.url, say);
}

/** At the port that was asked for, or the usual one; where nobody asked, any free one will do. */
async function bringUp(data: string, port: number | undefined, isOnce: boolean): Promise<Local> {
  const { isCode, startLocal } = await import('../local.ts');
  if (port !== undefined) return startLocal({ data, port });
  if (isOnce) return startLocal({ data, port: 0 });
  try {
    return await startLocal({ data, port: PORT });
  } catch (error) {
    if (!isCode(error, 'PORT_IN_USE')) throw error;
    process.stderr.write(`Port ${PORT} is in use: taking a free one\n`);
    return startLocal({ data, port: 0 });
  }
}
