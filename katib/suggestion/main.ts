import { toError, XorflowError } from '../../events/errors.ts';
import { quoteValue } from '../../events/issues.ts';
import { makeSuggestionServer, type SuggestionServer } from './server.ts';
import type { FindAlgorithm } from './suggest.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Where Katib's controller calls. */
const PORT = 6789;

/**
 * Runs the service as a process of its own: on `HOST` (127.0.0.1) and `PORT` (6789) until SIGTERM or SIGINT, then answers
 * what is in flight and exits 0.
 */
export async function main(algorithms: FindAlgorithm): Promise<void> {
  const say = (error: unknown) => process.stderr.write(`suggestion: ${toError(error).message}\n`);
  const server = makeSuggestionServer(algorithms, say);
  // Before it is ready too: process 1 of a container hears of no signal that it has no handler for.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void server.close().then(() => process.exit(0)));
  }
  try {
    await start(server, process.env);
  } catch (error) {
    say(error);
    process.exit(1);
  }
}

async function start(server: SuggestionServer, env: Env): Promise<void> {
  const host = env.HOST || '127.0.0.1';
  const port = await server.listen(host, portOf(env));
  process.stdout.write(`suggestion: listening on ${host}:${port}\n`);
}

/** @throws XorflowError `INVALID_ARGUMENT` for what is no port */
function portOf({ PORT: text }: Env): number {
  if (text === undefined || text === '') return PORT;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  const rule = 'expected an integer from 0 to 65535';
  throw new XorflowError('INVALID_ARGUMENT', `Wrong value ${quoteValue(text)} in PORT: ${rule}`);
}
