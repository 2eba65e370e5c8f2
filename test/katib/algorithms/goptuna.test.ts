import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cmaes } from '../../../katib/algorithms/cmaes/cmaes.ts';
import { evolve, sampleOf, startEvolution } from '../../../katib/algorithms/cmaes/evolution.ts';
import { populationOf } from '../../../katib/algorithms/cmaes/rates.ts';
import { randomOf } from '../../../katib/algorithms/random.ts';
import { bestOf, mannWhitney, medianOf, playSearch, searchOver, sphere } from '../../support/evolution-functions.ts';
import { makeFolder } from '../../support/manifests.ts';

const PEER = fileURLToPath(new URL('./goptuna.go', import.meta.url));
const run = promisify(execFile);

/** The largest distance between the shares of two samples that are below a value. */
function distanceOf(a: readonly number[], b: readonly number[]): number {
  const below = (sample: readonly number[], value: number) => sample.filter((x) => x <= value).length / sample.length;
  return Math.max(...a.map((value) => Math.abs(below(a, value) - below(b, value))));
}

test('goptuna, which Katib uses, draws alike after the same generations, and finds as much, but does not maximize', {
  timeout: 300_000,
}, async (context) => {
  if (!process.env.CI && !process.env.GOPTUNA) {
    const reason = 'it downloads Go modules, so only in CI (CI=true) or with GOPTUNA=1';
    // The reporter's word alone is easily overlooked.
    process.stderr.write(`CMA-ES is NOT compared with goptuna: ${reason}\n`);
    return context.skip(reason);
  }
  const dimensions = 3;
  const mean = Array(dimensions).fill(0.5);
  const random = randomOf(1, 'history');
  let evolution = startEvolution(mean, 0.2, populationOf(dimensions));
  const generations = Array.from({ length: 5 }, () => {
    const generation = Array.from({ length: populationOf(dimensions) }, () => {
      const point = sampleOf(evolution, random);
      return { point, loss: sphere(point) + 0.5 * (point[0] ?? 0) * (point[1] ?? 0) };
    });
    evolution = evolve(evolution, generation);
    return generation;
  });

  await using folder = await makeFolder();
  await copyFile(PEER, join(folder.path, 'main.go'));
  await run('go', ['mod', 'init', 'peer'], { cwd: folder.path });
  await run('go', ['get', 'github.com/c-bata/goptuna@v0.8.0'], { cwd: folder.path });
  await run('go', ['mod', 'tidy'], { cwd: folder.path });
  const running = run('go', ['run', '.'], { cwd: folder.path, maxBuffer: 2 ** 24 });
  const [draws, seeds, budget] = [3000, 30, 60];
  running.child.stdin?.end(JSON.stringify({ mean, sigma: 0.2, generations, draws, seeds, budget }));
  const said = JSON.parse((await running).stdout) as Record<'draws', number[][]> &
    Record<'minimized' | 'maximized', number[]>;

  const own = Array.from({ length: draws }, (_, i) => sampleOf(evolution, randomOf(2, i)));
  for (let i = 0; i < dimensions; i++) {
    const coordinate = (points: readonly (readonly number[])[]) => points.map((point) => point[i] ?? Number.NaN);
    // Kolmogorov and Smirnov: one in a thousand samples is farther apart.
    assert.ok(distanceOf(coordinate(own), coordinate(said.draws)) < 1.95 * Math.sqrt(2 / draws));
  }

  const found = Array.from({ length: seeds }, (_, seed) => {
    const search = searchOver(dimensions, [0, 1], { random_state: String(seed) });
    return bestOf(playSearch(cmaes, search, (a) => sphere(Object.values(a).map(Number)), { budget }));
  });
  assert.ok(Math.abs(mannWhitney(found, said.minimized)) < 3.29, JSON.stringify([found, said.minimized]));
  assert.ok(medianOf(said.maximized) > 10 * medianOf(found), 'goptuna maximizes now: the deviation is none any more');
});
