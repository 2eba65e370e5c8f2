import pino from 'pino';
import type { Deps, FunctionDefinition } from '../../functions/host/function.ts';
import { postEvent } from '../../functions/host/sink.ts';
import { LOG } from '../../functions/store/port.ts';
import { makeMemoryStore } from './memory-store.ts';

export interface TestDeps extends Deps, AsyncDisposable {
  /** The metric lines that were emitted, in order. */
  readonly lines: string[];
}

interface Given extends Partial<Deps> {
  /** The function that gets them: shut down with them. */
  readonly definition?: FunctionDefinition;
}

/** What a handler gets, over a store in memory. */
export async function makeTestDeps({ definition, ...overrides }: Given = {}): Promise<TestDeps> {
  const store = overrides.store ?? makeMemoryStore();
  const lines: string[] = [];
  const closing = new AbortController();
  const deps: TestDeps = {
    store,
    log: pino({ level: 'silent' }),
    env: {},
    concurrency: 2,
    draining: closing.signal,
    signal: closing.signal,
    post: (sink, envelope) => postEvent(sink, envelope, { signal: closing.signal }),
    async emitLines(experiment, additions) {
      lines.push(...additions.map(({ text }) => text));
      await store.logs.append(
        LOG.lines(experiment),
        additions.map(({ key, text }) => ({ key, value: text })),
      );
    },
    ...overrides,
    lines,
    async [Symbol.asyncDispose]() {
      closing.abort();
      await definition?.shutdown?.(deps);
      await store[Symbol.asyncDispose]();
    },
  };
  return deps;
}
