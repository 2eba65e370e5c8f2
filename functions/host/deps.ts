import pino, { type Logger } from 'pino';
import { LOG, type Store } from '../store/port.ts';
import type { Deps, FunctionDefinition } from './function.ts';
import type { Env, Settings } from './settings.ts';

/** What a handler gets, and how the two ends of its life are told to it. */
export interface HeldDeps {
  readonly deps: Deps;
  /** Tells that the function begins to shut down. */
  drain(): void;
  /** Tells that work in flight is given up. */
  giveUp(): void;
}

/** Makes a handler's deps; `print` is where metric lines go beside the store. */
export function holdDeps(
  definition: FunctionDefinition,
  env: Env,
  { concurrency, logLevel }: Settings,
  store: Store,
  print: (line: string) => void = printLine,
): HeldDeps {
  const draining = new AbortController();
  const givingUp = new AbortController();
  const deps: Deps = {
    store,
    log: makeLogger(definition, logLevel),
    env,
    concurrency,
    draining: draining.signal,
    signal: givingUp.signal,
    async emitLines(experiment, lines) {
      for (const { text } of lines) print(text);
      await store.logs.append(
        LOG.lines(experiment),
        lines.map(({ key, text }) => ({ key, value: text })),
      );
    },
  };
  return { deps, drain: () => draining.abort(), giveUp: () => givingUp.abort() };
}

function makeLogger({ name }: FunctionDefinition, level: string): Logger {
  // stdout is for metric lines.
  return pino({ level, base: { function: name } }, pino.destination(2));
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
