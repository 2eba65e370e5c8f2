import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isGivenUp, type Objective, type StopRule, stopRuleSchema } from '../../../events/search.ts';
import { type SucceededTrial, stopRulesOf } from '../../../katib/local/medianstop.ts';

const MAXIMIZE: Objective = { metric: 'accuracy', type: 'maximize' };
const MINIMIZE: Objective = { metric: 'loss', type: 'minimize' };
const USUAL = { minTrialsRequired: 3, startStep: 4 };
const SOON = { minTrialsRequired: 1, startStep: 4 };

function trialOf(name: string, values: readonly (number | string)[], metric = 'accuracy'): SucceededTrial {
  const rows = values.map((value, second) => ({
    name: metric,
    value: String(value),
    timestamp: `2026-11-23T10:00:${String(second).padStart(2, '0')}Z`,
  }));
  return { name, rows };
}

suite('the rule of medianstop', () => {
  const history = [
    trialOf('a', [0.5, 0.5, 0.5, 0.5, 0.9]),
    trialOf('b', [0.4, 0.6, 0.8, 1.0, 0.1]),
    trialOf('c', [0.1, 0.1, 0.1, 0.1, 1.0]),
  ];

  test('is the mean of the means of the first four reports of three trials', () => {
    const [rule, ...others] = stopRulesOf(history, USUAL, MAXIMIZE);
    assert.deepEqual(others, []);
    assert.deepEqual(rule, {
      metric: 'accuracy',
      comparison: 'less',
      value: (0.5 + (0.4 + 0.6 + 0.8 + 1) / 4 + (0.1 + 0.1 + 0.1 + 0.1) / 4) / 3,
      startStep: 4,
    });
    assert.ok(stopRuleSchema.safeParse(rule).success);
  });

  test('is no median', () => {
    const [rule] = stopRulesOf([trialOf('a', [0]), trialOf('b', [0]), trialOf('c', [0.9])], USUAL, MAXIMIZE);
    assert.equal(rule?.value, 0.9 / 3);
  });

  test('is not there until enough trials have succeeded', () => {
    assert.deepEqual(stopRulesOf(history.slice(1), USUAL, MAXIMIZE), []);
    assert.deepEqual(stopRulesOf([], SOON, MAXIMIZE), []);
    assert.equal(stopRulesOf(history.slice(2), SOON, MAXIMIZE).length, 1);
  });

  test('looks at as many reports as start_step says, and at all of a trial that has fewer', () => {
    const settings = { minTrialsRequired: 2, startStep: 5 };
    const [rule] = stopRulesOf([trialOf('a', [1, 1, 1, 1, 0, 9]), trialOf('b', [0.5, 0.25])], settings, MAXIMIZE);
    assert.deepEqual([rule?.value, rule?.startStep], [(4 / 5 + 0.75 / 2) / 2, 5]);
  });

  test('stops what is greater where a metric is minimized', () => {
    const [rule] = stopRulesOf([trialOf('a', [2, 4], 'loss')], SOON, MINIMIZE);
    assert.deepEqual(rule, { metric: 'loss', comparison: 'greater', value: 3, startStep: 4 });
  });

  test('takes the reports by their time, and only those of the objective', () => {
    const { rows } = trialOf('a', [0.1, 0.2, 0.3]);
    const losses = trialOf('a', [7, 8, 9], 'loss').rows;
    const settings = { minTrialsRequired: 1, startStep: 1 };
    const [rule] = stopRulesOf([{ name: 'a', rows: [...losses, ...rows.toReversed()] }], settings, MAXIMIZE);
    assert.equal(rule?.value, 0.1);
  });

  test('cannot be made of what is no finite number', () => {
    for (const value of ['', 'nan', 'inf']) {
      assert.throws(() => stopRulesOf([trialOf('xor-1', [value])], SOON, MAXIMIZE), {
        code: 'METRICS_REFUSED',
        message: new RegExp(`^Wrong value "${value}" of accuracy in trial xor-1: expected a finite number`),
      });
    }
  });
});

suite('a trial under a rule', () => {
  const rule: StopRule = { metric: 'accuracy', comparison: 'less', value: 0.6, startStep: 3 };
  const accuracy = (...values: number[]) => isGivenUp([rule], MAXIMIZE, { accuracy: values });

  test('is looked at no sooner than at the report that the rule names', () => {
    assert.deepEqual(
      [accuracy(), accuracy(0.1), accuracy(0.1, 0.1), accuracy(0.1, 0.1, 0.1)],
      [false, false, false, true],
    );
  });

  test('is judged by its best value up to there, and goes on where that is as good', () => {
    assert.equal(accuracy(0.59, 0.1, 0.1), true);
    assert.equal(accuracy(0.6, 0.1, 0.1), false);
    assert.equal(accuracy(0.1, 0.7, 0.1), false);
  });

  test('is looked at once: what comes later changes nothing', () => {
    assert.equal(accuracy(0.7, 0.7, 0.7, 0.1, 0.1), false);
    assert.equal(accuracy(0.1, 0.1, 0.1, 0.9), true);
  });

  test('is judged by its smallest value where a metric is minimized', () => {
    const greater: StopRule = { metric: 'loss', comparison: 'greater', value: 0.5, startStep: 2 };
    assert.equal(isGivenUp([greater], MINIMIZE, { loss: [0.6, 0.7] }), true);
    assert.equal(isGivenUp([greater], MINIMIZE, { loss: [0.5, 0.7] }), false);
  });

  test('is judged by the value of that report where the metric is not the objective', () => {
    const other: StopRule = { metric: 'loss', comparison: 'greater', value: 0.5, startStep: 2 };
    assert.equal(isGivenUp([other], MAXIMIZE, { loss: [0.1, 0.7] }), true);
    assert.equal(isGivenUp([other], MAXIMIZE, { loss: [0.7, 0.1] }), false);
    assert.equal(isGivenUp([{ ...other, comparison: 'equal' }], MAXIMIZE, { loss: [0.7, 0.5] }), true);
  });

  test('is given up when every rule was hit, and never without one', () => {
    const other: StopRule = { metric: 'loss', comparison: 'greater', value: 0.5, startStep: 1 };
    const low = [0.1, 0.1, 0.1];
    assert.equal(isGivenUp([rule, other], MAXIMIZE, { accuracy: low, loss: [0.9, 0.9, 0.9] }), true);
    assert.equal(isGivenUp([rule, other], MAXIMIZE, { accuracy: low, loss: [0.1, 0.9, 0.9] }), false);
    assert.equal(isGivenUp([rule], MAXIMIZE, {}), false);
    assert.equal(isGivenUp([], MAXIMIZE, { accuracy: low }), false);
  });
});
