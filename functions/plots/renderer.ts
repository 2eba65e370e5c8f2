import { availableParallelism } from 'node:os';
import { MEDIA } from '../../events/descriptor.ts';
import type { Plot } from '../../events/parts.ts';
import { makePool, type Pool } from '../host/pool.ts';
import type { Store } from '../store/port.ts';
import type { Rendered } from './render.ts';
import type { Chart } from './theme.ts';

/** More threads would wait for each other's memory; one experiment has about eight plots. */
const MAX_THREADS = 2;
/** As long as a title may be in an event. */
const MAX_TITLE = 200;

let pool: Pool | undefined;
let users = 0;

function sharedPool(): Pool {
  pool ??= makePool(new URL('./worker.ts', import.meta.url), { size: Math.min(MAX_THREADS, availableParallelism()) });
  return pool;
}

/**
 * Keeps the threads that draw, which all functions of a process share, until it is disposed of by the last user.
 * They start in the background: what is drawn before waits for them.
 */
export function useRenderer(): AsyncDisposable {
  users += 1;
  let released = false;
  // A thread that cannot start is reported by the first plot that needs it.
  sharedPool()
    .warm()
    .catch(() => undefined);
  return {
    async [Symbol.asyncDispose]() {
      if (released) return;
      released = true;
      users -= 1;
      if (users > 0) return;
      const last = pool;
      pool = undefined;
      await last?.[Symbol.asyncDispose]();
    },
  };
}

/** Draws a chart on another thread and keeps its spec, its picture and its page. */
export async function renderPlot(store: Store, chart: Chart, signal?: AbortSignal): Promise<Plot> {
  const { name, title, spec } = chart;
  const rendered = await sharedPool().run<Rendered>('render', { name, title, spec }, { signal });
  const { artifacts } = store;
  const [png, html, specFile] = await Promise.all([
    artifacts.put(rendered.png, { mediaType: MEDIA.png, name: `${name}.png` }),
    artifacts.put(rendered.html, { mediaType: MEDIA.html, name: `${name}.html` }),
    artifacts.put(rendered.spec, { mediaType: MEDIA.vegaLite, name: `${name}.vl.json` }),
  ]);
  return {
    name,
    title: title.length > MAX_TITLE ? `${title.slice(0, MAX_TITLE - 1)}…` : title,
    png,
    html,
    spec: specFile,
  };
}
