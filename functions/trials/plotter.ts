import { makePool } from '../host/pool.ts';
import { renderPlot, useRenderer } from '../plots/renderer.ts';
import type { Chart } from '../plots/theme.ts';
import type { Draw } from './handler.ts';

export interface Plotter extends AsyncDisposable {
  readonly draw: Draw;
}

/** Draws on threads of its own: a forest of many trials takes as long as a picture. */
export function makePlotter(): Plotter {
  const renderer = useRenderer();
  const pool = makePool(new URL('./worker.ts', import.meta.url), { size: 1 });
  return {
    async draw(search, { store, signal }) {
      const charts = await pool.run<Chart[]>('charts', search, { signal });
      return Promise.all(charts.map((chart) => renderPlot(store, chart, signal)));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([pool[Symbol.asyncDispose](), renderer[Symbol.asyncDispose]()]);
    },
  };
}
