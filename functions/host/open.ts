import pino from 'pino';
import { XorflowError } from '../../events/errors.ts';
import { openStore } from '../store/open.ts';
import { LOG, type Store } from '../store/port.ts';
import type { Deps, FunctionDefinition } from './function.ts';
import { type Env, readSettings, type Settings } from './settings.ts';
import { postEvent, type Shortcut } from './sink.ts';

/** A function with all that it needs, before anybody calls it; whichever host does, it opens and closes it this way. */
export interface Opened {
  readonly settings: Settings;
  readonly deps: Deps;
  /** No more work comes: what never ends by itself ends now. */
  drain(): void;
  /** Work in flight is given up. */
  giveUp(): void;
  /** After the last event: shuts the function down and releases what was opened for it. */
  close(): Promise<void>;
  /** Instead of `close`, when the function has not even started. */
  release(): Promise<void>;
}

export interface OpenOptions {
  /** Instead of the one that `XORFLOW_STORE` names; it is not closed. */
  readonly store?: Store;
  /** Where metric lines go: stdout, unless the caller needs that for itself. */
  readonly print?: (line: string) => void;
  /** Instead of HTTP, for sinks in this process. */
  readonly shortcut?: Shortcut;
}

/**
 * Reads the environment and opens the store. The function's `init` is for the host to call.
 *
 * @throws XorflowError when the environment is wrong or the store cannot be opened
 */
export async function openFunction(
  definition: FunctionDefinition,
  env: Env,
  options: OpenOptions = {},
): Promise<Opened> {
  const settings = readSettings(env);
  if (definition.emitsMany && !settings.sink) {
    throw new XorflowError(
      'INVALID_ARGUMENT',
      `Missing K_SINK: ${definition.name} emits several events, and only one fits into a reply`,
    );
  }
  const store = options.store ?? (await openStore(settings.store, settings.storeOptions));
  const draining = new AbortController();
  const givingUp = new AbortController();
  const deps: Deps = {
    store,
    log: pino({ level: settings.logLevel, base: { function: definition.name } }, pino.destination(2)),
    env,
    concurrency: settings.concurrency,
    draining: draining.signal,
    signal: givingUp.signal,
    post: (sink, envelope) => postEvent(sink, envelope, { signal: givingUp.signal, shortcut: options.shortcut }),
    emitLines: lineEmitter(store, options.print ?? printLine),
  };
  const release = async () => {
    if (!options.store) await store[Symbol.asyncDispose]();
  };
  return {
    settings,
    deps,
    drain: () => draining.abort(),
    giveUp: () => givingUp.abort(),
    release,
    async close() {
      draining.abort();
      givingUp.abort();
      await definition.shutdown?.(deps);
      await release();
    },
  };
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

function lineEmitter(store: Store, print: (line: string) => void): Deps['emitLines'] {
  return async (experiment, lines) => {
    for (const { text } of lines) print(text);
    await store.logs.append(
      LOG.lines(experiment),
      lines.map(({ key, text }) => ({ key, value: text })),
    );
  };
}
