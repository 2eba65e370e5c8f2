import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ACQUISITIONS, normalBelow } from '../../../katib/algorithms/bayesian/acquisition.ts';
import { factorize, inverseOf, solveLower, solveUpper } from '../../../katib/algorithms/bayesian/cholesky.ts';
import { posteriorOf } from '../../../katib/algorithms/bayesian/gaussian-process.ts';
import { fit, makeLikelihood } from '../../../katib/algorithms/bayesian/likelihood.ts';
import { minimize } from '../../../katib/algorithms/bayesian/minimize.ts';
import { randomOf } from '../../../katib/algorithms/random.ts';

const POINTS = [
  [0.1, 0.9],
  [0.35, 0.2],
  [0.5, 0.5],
  [0.8, 0.75],
  [0.95, 0.05],
].map((point) => Float64Array.from(point));
const VALUES = Float64Array.from([0.3, -1.2, 0.7, 1.1, -0.4]);
const KERNEL = { amplitude: 1.7, lengths: [0.4, 0.9], noise: 0.01 };
const LOGARITHMS = [1.7, 0.4, 0.9, 0.01].map(Math.log);

function assertNear(actual: number | undefined, expected: number, tolerance: number): void {
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= tolerance, `${actual}, expected ${expected}`);
}

function posterior(kernel = KERNEL) {
  const known = posteriorOf(POINTS, VALUES, kernel);
  assert.ok(known);
  return known;
}

describe('likelihood', () => {
  // The logarithm that scikit-learn 1.9 and SciPy's multivariate normal agree on, and scikit-learn's gradient.
  test('it is what scikit-learn and SciPy compute', () => {
    const { valueAt, differentiable } = makeLikelihood(POINTS, VALUES);
    const { value, gradient } = differentiable(LOGARITHMS);
    assertNear(-value, -8.147018287977769, 1e-10);
    assertNear(valueAt(LOGARITHMS), value, 1e-12);
    const expected = [0.9359665139188476, -0.6120965452377082, -2.7010544645457157, 0.06770694876278884];
    expected.forEach((slope, i) => {
      assertNear(-(gradient[i] ?? 0), slope, 1e-9);
    });
  });

  test('the fit is as good as the best that SciPy finds from five starts', () => {
    let drawn = 0;
    const points = Array.from({ length: 15 }, () =>
      Float64Array.from([0, 1], () => (++drawn * 0.6180339887498949) % 1),
    );
    const raw = points.map(([x = 0, y = 0]) => Math.sin(5 * x) + 0.3 * y);
    const mean = raw.reduce((sum, value) => sum + value / 15, 0);
    const deviation = Math.sqrt(raw.reduce((sum, value) => sum + (value - mean) ** 2 / 15, 0));
    const values = Float64Array.from(raw, (value) => (value - mean) / deviation);
    const { amplitude, lengths, noise } = fit(points, values);
    const value = makeLikelihood(points, values).valueAt([amplitude, ...lengths, noise].map(Math.log));
    assert.ok(value < -21.2095906684304 + 0.01, `${value}`);
    assert.ok((lengths[0] ?? 0) < (lengths[1] ?? 0) / 5, 'what hardly matters has the longer length scale');
  });

  test('a point that is there twice with two values is noise, not an error', () => {
    const points = [...POINTS, ...POINTS];
    const values = Float64Array.from([...VALUES, ...VALUES.map((value) => value + 0.5)]);
    assert.ok(fit(points, values).noise > 0.01);
  });
});

describe('posterior', () => {
  test('it is what scikit-learn computes', () => {
    const queries = [
      [0.2, 0.8],
      [0.6, 0.1],
      [0.5, 0.5],
    ];
    const means = [0.25213081415518795, -0.23671899371464344, 0.6691394562877236];
    const deviations = [0.33636888257544006, 0.5808839068365906, 0.0984617737811335];
    queries.forEach((query, i) => {
      const { mean, deviation } = posterior().predict(Float64Array.from(query));
      assertNear(mean, means[i] ?? 0, 1e-10);
      assertNear(deviation, deviations[i] ?? 0, 1e-10);
    });
  });

  test('without noise it goes through what it knows', () => {
    const known = posterior({ ...KERNEL, noise: 1e-10 });
    POINTS.forEach((point, i) => {
      const { mean, deviation } = known.predict(point);
      assertNear(mean, VALUES[i] ?? 0, 1e-7);
      assertNear(deviation, 0, 1e-4);
    });
  });

  test('it knows the less the farther a point is away, and nothing at last', () => {
    const known = posterior();
    const away = [0.95, 1.1, 1.3, 1.6, 2, 3, 50].map((x) => known.predict(Float64Array.from([x, 0.05])));
    const deviations = away.map(({ deviation }) => deviation);
    assert.deepEqual(
      deviations,
      deviations.toSorted((a, b) => a - b),
    );
    assertNear(away.at(-1)?.mean, 0, 1e-9);
    assertNear(away.at(-1)?.deviation, Math.sqrt(1.7), 1e-9);
  });
});

describe('acquisition', () => {
  test('the normal distribution has the probabilities that SciPy gives, in the tails too', () => {
    const probabilities = [
      [-9, 1.1285884059538324e-19],
      [-5.5, 1.898956246588768e-8],
      [-4.9, 4.791832765903185e-7],
      [-1, 0.15865525393145707],
      [0, 0.5],
      [0.3, 0.6179114221889526],
      [2.5, 0.9937903346742238],
      [6, 0.9999999990134123],
    ] as const;
    for (const [z, probability] of probabilities) assertNear(normalBelow(z) / probability, 1, 1e-9);
  });

  test('EI and PI are the means over draws of what is predicted', () => {
    const [mean, deviation, best] = [0.3, 0.7, 0.1];
    const random = randomOf(1);
    const draws = Array.from({ length: 200_000 }, () => best - 0.01 - (mean + deviation * random.normal()));
    const improvement = draws.reduce((sum, draw) => sum + Math.max(0, draw) / draws.length, 0);
    assertNear(-ACQUISITIONS.EI({ mean, deviation }, best), improvement, 0.003);
    assertNear(
      -ACQUISITIONS.PI({ mean, deviation }, best),
      draws.filter((draw) => draw > 0).length / draws.length,
      0.003,
    );
    assertNear(ACQUISITIONS.LCB({ mean, deviation }), 0.3 - 1.96 * 0.7, 1e-12);
  });

  test('of a point that is known for sure, EI is the improvement', () => {
    assertNear(ACQUISITIONS.EI({ mean: -1, deviation: 0 }, 0), -0.99, 1e-12);
    assert.equal(ACQUISITIONS.EI({ mean: 1, deviation: 0 }, 0), -0);
    assert.equal(ACQUISITIONS.PI({ mean: -1, deviation: 0 }, 0), -1);
    assert.equal(ACQUISITIONS.PI({ mean: 1, deviation: 0 }, 0), 0);
  });
});

describe('numerics', () => {
  test('a factor solves its equations and inverts its matrix', () => {
    const random = randomOf(2);
    const size = 12;
    const root = Array.from({ length: size }, () => Array.from({ length: size }, () => random.normal()));
    const rows = root.map((a) => root.map((b) => a.reduce((sum, x, k) => sum + x * (b[k] ?? 0), 0)));
    const lower = factorize(Float64Array.from(rows.flat()), size);
    assert.ok(lower);
    const right = Float64Array.from({ length: size }, () => random.normal());
    const solution = solveUpper(lower, size, solveLower(lower, size, right));
    rows.forEach((row, i) => {
      assertNear(
        row.reduce((sum, x, k) => sum + x * (solution[k] ?? 0), 0),
        right[i] ?? 0,
        1e-8,
      );
    });
    const inverse = inverseOf(lower, size);
    for (let i = 0; i < size; i++) {
      const product = (j: number) =>
        (rows[j] ?? []).reduce((sum, x, k) => sum + x * (inverse[Math.max(i, k) * size + Math.min(i, k)] ?? 0), 0);
      for (let j = 0; j < size; j++) assertNear(product(j), i === j ? 1 : 0, 1e-8);
    }
    assert.equal(factorize(Float64Array.from([1, 0, 2, 1]), 2), undefined);
  });

  test('a minimum is found inside the bounds, and at them', () => {
    const target = ([x = 0, y = 0]: readonly number[]) => ({
      value: 100 * (y - x * x) ** 2 + (1 - x) ** 2,
      gradient: [-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)],
    });
    const wide = minimize(
      target,
      [-1.2, 1],
      [
        [-2, 2],
        [-2, 2],
      ],
      200,
    );
    assertNear(wide.at[0], 1, 1e-3);
    assertNear(wide.at[1], 1, 1e-3);
    const narrow = minimize(
      target,
      [-1.2, 1],
      [
        [-2, 0.5],
        [-2, 2],
      ],
      200,
    );
    assertNear(narrow.at[0], 0.5, 1e-6);
    assertNear(narrow.at[1], 0.25, 1e-3);
    assertNear(narrow.value, 0.25, 1e-6);
  });
});
