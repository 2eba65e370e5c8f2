import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { RejectedError } from '../../../events/errors.ts';
import { decodePoints, decodeTable, encodePoints, encodeTable } from '../../../functions/dataset/arrow.ts';
import type { Points } from '../../../functions/dataset/points.ts';

const pointsOf = (rows: readonly (readonly number[])[], labels: readonly number[]): Points => ({
  dims: rows[0]?.length ?? 0,
  size: rows.length,
  coordinates: Array.from({ length: rows[0]?.length ?? 0 }, (_, dimension) =>
    Float32Array.from(rows, (row) => row[dimension] ?? 0),
  ),
  labels: Uint8Array.from(labels),
});

const simple = pointsOf(
  [
    [0.25, 0.75, 0.5],
    [0.125, 1, 0],
  ],
  [1, 0],
);

const isCorrupt = (sentence: RegExp) => (error: unknown) =>
  error instanceof RejectedError && error.code === 'CORRUPT_ARTIFACT' && sentence.test(error.message);

test('points survive the way to bytes and back, at any offset in memory', () => {
  const value = fc.float({ min: 0, max: 1, noNaN: true });
  const cases = fc.integer({ min: 1, max: 6 }).chain((dims) =>
    fc.record({
      rows: fc.array(fc.array(value, { minLength: dims, maxLength: dims }), { minLength: 1, maxLength: 40 }),
      offset: fc.integer({ min: 0, max: 9 }),
    }),
  );
  fc.assert(
    fc.property(cases, ({ rows, offset }) => {
      const points = pointsOf(
        rows,
        rows.map((_, index) => index % 2),
      );
      const bytes = encodePoints(points);
      const shifted = new Uint8Array(bytes.length + offset);
      shifted.set(bytes, offset);
      assert.deepEqual(decodePoints(shifted.subarray(offset)), points);
    }),
    { numRuns: 50 },
  );
});

test('the same points give the same bytes', () => {
  assert.deepEqual(encodePoints(simple), encodePoints(simple));
});

test('a file of several record batches reads as one', () => {
  const size = 1003;
  const points: Points = {
    dims: 1,
    size,
    coordinates: [Float32Array.from({ length: size }, (_, index) => index / size)],
    labels: Uint8Array.from({ length: size }, (_, index) => index % 2),
  };
  const parts = encodePoints(points, 100);
  assert.ok(parts.length > encodePoints(points).length, 'it is of several');
  assert.deepEqual(decodePoints(parts), points);
});

test('a table of other columns survives too, even without rows', () => {
  const columns = { epoch: new Uint32Array([1, 2]), loss: new Float64Array([0.5, 0.25]), part: new Float32Array(2) };
  assert.deepEqual(decodeTable(encodeTable(columns)), columns);
  assert.equal(decodeTable(encodeTable({ epoch: new Uint32Array(0) })).epoch?.length, 0);
});

test('wrong columns are rejected by name', () => {
  const x0 = new Float32Array(2);
  const label = new Uint8Array(2);
  assert.throws(() => decodePoints(encodeTable({ x0, x2: x0, label })), isCorrupt(/columns x0, x2, label: expected/));
  assert.throws(() => decodePoints(encodeTable({ x0, y: label })), isCorrupt(/columns x0, y/));
  assert.throws(() => decodePoints(encodeTable({ label })), isCorrupt(/columns label/));
  const wide = encodeTable({ x0: new Float64Array(2), label });
  assert.throws(() => decodePoints(wide), isCorrupt(/column x0 of Float64: expected float32/));
  const counted = encodeTable({ x0, label: new Uint32Array(2) });
  assert.throws(() => decodePoints(counted), isCorrupt(/column label of Uint32: expected uint8/));
});

test('NaN, infinity and labels other than 0 and 1 are rejected with their place', () => {
  const nan = encodePoints(
    pointsOf(
      [
        [0, 0],
        [0, Number.NaN],
      ],
      [0, 1],
    ),
  );
  assert.throws(() => decodePoints(nan), isCorrupt(/value NaN at x1\[1\]: expected a finite number/));
  const infinite = encodePoints(pointsOf([[Number.NEGATIVE_INFINITY, 0]], [0]));
  assert.throws(() => decodePoints(infinite), isCorrupt(/value -Infinity at x0\[0\]/));
  assert.throws(() => decodePoints(encodePoints(pointsOf([[0, 0]], [7]))), isCorrupt(/value 7 at label\[0\]/));
});

test('truncated and foreign bytes are rejected', () => {
  const bytes = encodePoints(simple);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodePoints(bytes.subarray(0, length)), isCorrupt(/expected an? (whole )?Arrow file/));
  }
  assert.throws(() => decodePoints(Buffer.from(`ARROW1${'x'.repeat(200)}ARROW1`)), isCorrupt(/expected an Arrow file/));
});

const PYTHON = process.env.PYTHON ?? 'python3';
const READERS = ['pyarrow', 'pandas', 'polars'];

function python(command: string, args: readonly string[]): { status: number | null; stderr: string } {
  return spawnSync(command, args, { encoding: 'utf8' });
}

const hasReaders = python(PYTHON, ['-c', `import ${READERS.join(', ')}`]).status === 0;

/** A Python with the readers: the machine's own, in CI else one of a virtual environment. */
function pythonWithReaders(folder: string): string {
  if (hasReaders) return PYTHON;
  const own = join(folder, 'venv', 'bin', 'python');
  for (const [command, args] of [
    [PYTHON, ['-m', 'venv', join(folder, 'venv')]],
    [own, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...READERS]],
  ] as const) {
    const { status, stderr } = python(command, args);
    assert.equal(status, 0, stderr);
  }
  return own;
}

test('pyarrow, pandas and polars read the file', {
  skip: hasReaders || process.env.CI ? false : `${PYTHON} has no ${READERS.join(', ')} (PYTHON names another one)`,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'arrow-'));
  try {
    const reader = pythonWithReaders(folder);
    writeFileSync(join(folder, 'points.arrow'), encodePoints(simple));
    const script = [
      'import sys, pyarrow.ipc as ipc, pandas as pd, polars as pl',
      'table = ipc.open_file(sys.argv[1]).read_all(); table.validate(full=True)',
      'expected = {"x0": [0.25, 0.125], "x1": [0.75, 1.0], "x2": [0.5, 0.0], "label": [1, 0]}',
      'assert table.to_pydict() == expected, table',
      'assert [str(field.type) for field in table.schema] == ["float"] * 3 + ["uint8"], table.schema',
      'assert pd.read_feather(sys.argv[1]).to_dict("list") == expected',
      'assert pl.read_ipc(sys.argv[1]).to_dict(as_series=False) == expected',
    ].join('\n');
    const { status, stderr } = python(reader, ['-c', script, join(folder, 'points.arrow')]);
    assert.equal(status, 0, stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
