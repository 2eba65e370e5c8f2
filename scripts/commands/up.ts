import { Command } from 'commander';
import { EXIT } from '../exit.ts';
import { addStore, DATA, toPort } from './common.ts';

const EXAMPLES = `
Examples:
  xorflow up                         page and API at http://127.0.0.1:8080
  xorflow up --port 0 --store /tmp/x any free port, data in /tmp/x`;

export function defineUp(signal: AbortSignal): Command {
  const command = new Command('up')
    .description('bring up the local platform (broker, functions, gateway, page) from knative/ and serve')
    .option('--port <n>', 'of the page and the API, 0 for any free one', '8080');
  return addStore(command)
    .addHelpText('after', EXAMPLES)
    .action((options: { port: string; store?: string }) => up(options, signal));
}

async function up(options: { port: string; store?: string }, signal: AbortSignal): Promise<void> {
  const port = toPort(options.port);
  const { startLocal } = await import('../local.ts');
  await using local = await startLocal({ data: options.store ?? DATA, port });
  await serveUntil(signal, local.url, (text) => void process.stdout.write(text));
}

/** Says where the platform is and lets it work until the first signal. */
export async function serveUntil(signal: AbortSignal, url: string, say: (text: string) => void): Promise<void> {
  say(`\nPage  ${url}/\nAPI   ${url}/openapi.json\nPress Ctrl-C to stop\n`);
  if (!signal.aborted) await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
  // To stop it is what Ctrl-C is for here, even if closing takes longer than we wait.
  process.exitCode ??= EXIT.done;
  process.stderr.write('\nStopping …\n');
}
