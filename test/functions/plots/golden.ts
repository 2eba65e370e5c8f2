import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Chart } from '../../../functions/plots/theme.ts';

/** Fails where a chart's spec is not, byte for byte, the one in the folder; `UPDATE_GOLDEN=1` writes it instead. */
export function assertGolden(chart: Chart, folder: URL): void {
  const file = new URL(`${chart.name}.vl.json`, folder);
  const actual = `${JSON.stringify(chart.spec, null, 2)}\n`;
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, actual);
  }
  assert.equal(actual, readFileSync(file, 'utf8'), `${file.pathname}: after a wanted change run with UPDATE_GOLDEN=1`);
}
