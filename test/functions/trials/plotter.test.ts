import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePlotter } from '../../../functions/trials/plotter.ts';
import { makeTestDeps } from '../../support/deps.ts';
import { makeSearch } from './fixture.ts';

test('a search becomes plots that the store holds, with the same digests again', async () => {
  await using plotter = makePlotter();
  await using deps = await makeTestDeps();
  const search = makeSearch();
  const plots = await plotter.draw(search, deps);
  assert.deepEqual(
    plots.map(({ name }) => name),
    ['optimisation-history', 'leaderboard', 'parallel-coordinates', 'parameter-importance'],
  );
  for (const { png, html, spec } of plots) {
    for (const { digest, size } of [png, html, spec])
      assert.equal((await deps.store.artifacts.get(digest)).length, size);
  }
  assert.deepEqual(await plotter.draw(search, deps), plots);
});

test('a drawing that is given up ends with the reason', async () => {
  await using plotter = makePlotter();
  const giving = new AbortController();
  await using deps = await makeTestDeps({ signal: giving.signal });
  const drawing = plotter.draw(makeSearch(), deps);
  giving.abort(new Error('given up'));
  await assert.rejects(drawing, /given up/);
});
