import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { type Contestant, type Measurement, measure, medianOf } from '../../../scripts/bench/measure.ts';
import { NAMES } from '../../../scripts/engines.ts';
import { type Ended, ROOT } from '../command.ts';

function bench(...args: string[]): Promise<Ended> {
  const env = { ...process.env, PYTHON: '/nowhere/python3' };
  const child = spawn(process.execPath, [join(ROOT, 'scripts', 'bench.ts'), ...args], { env });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => (stdout += text));
  child.stderr.on('data', (text) => (stderr += text));
  return new Promise((done) => child.once('close', (code) => done({ code, stdout, stderr })));
}

suite('measuring', () => {
  test('contestants take turns, and their first runs are kept apart', async () => {
    const turns: string[] = [];
    const contestantOf = (who: string): Contestant => ({
      who,
      run: async () => ({ ms: turns.push(who), outcome: 'done' }),
    });
    const all = await measure({ part: 'p', what: 'w' }, [contestantOf('a'), contestantOf('b')], 2, () => undefined);
    assert.deepEqual(turns, ['a', 'b', 'a', 'b', 'a', 'b']);
    assert.deepEqual(all, [
      { part: 'p', what: 'w', who: 'a', first: 1, samples: [3, 5], outcome: 'done' },
      { part: 'p', what: 'w', who: 'b', first: 2, samples: [4, 6], outcome: 'done' },
    ]);
  });

  test('the median of an even number of samples is between the middle two', () => {
    assert.deepEqual([medianOf([3, 1, 2]), medianOf([4, 1, 2, 3]), medianOf([7])], [2, 2.5, 7]);
  });
});

suite('bench', () => {
  test('trains by every engine that is there and names the peers that are not', async () => {
    const { code, stdout, stderr } = await bench('train', '--peers', '-n', '1', '--epochs', '1', '--json');
    assert.equal(code, 0, stderr);
    const { measurements } = JSON.parse(stdout) as { measurements: Measurement[] };
    const names = new Set(measurements.map(({ who }) => who));
    for (const name of NAMES) assert.ok(names.has(`engine ${name}`), [...names].join(', '));
    assert.ok(names.has('peer TensorFlow.js fit, wasm'));
    assert.equal(new Set(measurements.map(({ what }) => what)).size, 5);
    for (const { samples, outcome } of measurements) {
      assert.equal(samples.length, 1);
      assert.match(outcome, /^loss \d\.\d{4}, accuracy [01]\.\d{4}$/);
    }
    assert.match(stderr, /train: without peer PyTorch, 1 thread: .*\/nowhere\/python3/);
  });

  test('starts every function, and prints one table', async () => {
    const { code, stdout, stderr } = await bench('start', '-n', '1');
    assert.equal(code, 0, stderr);
    for (const name of ['compare', 'gateway', 'generate', 'scatter', 'train']) {
      assert.match(stdout, new RegExp(`\\nstart +process to ready +${name} +\\d`));
    }
  });

  test('refuses a part that there is not, with 2', async () => {
    const { code, stderr } = await bench('everything');
    assert.equal(code, 2);
    assert.match(stderr, /^xorflow: .*'everything' is invalid.*train, cost, experiment, loop, start/);
  });
});
