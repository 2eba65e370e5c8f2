import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestOf, endOf, wantedOf } from '../../../katib/local/ends.ts';
import type { JudgedTrial, TrialStatus } from '../../../katib/local/judge.ts';

const OBJECTIVE = { metric: 'accuracy', type: 'maximize', goal: 0.9 } as const;

/** Trials in short: `S0.5` succeeded with 0.5, `E` was stopped early, `F` failed, `M` has no metrics. */
function trialsOf(text: string): JudgedTrial[] {
  const statuses: Record<string, TrialStatus> = {
    S: 'Succeeded',
    E: 'EarlyStopped',
    F: 'Failed',
    M: 'MetricsUnavailable',
  };
  return text
    .split(' ')
    .filter(Boolean)
    .map((word, index) => {
      const value = word.length > 1 ? Number(word.slice(1)) : undefined;
      const status = statuses[word[0] ?? ''] ?? 'Failed';
      const trial = {
        name: `t-${index}`,
        index,
        assignments: {},
        labels: {},
        stopRules: [],
        metrics: {},
        rows: [],
        status,
      };
      return value === undefined ? trial : { ...trial, value };
    });
}

for (const [what, trials, limits, reason] of [
  ['nothing has ended', 'S0.5 S0.6', { maxTrialCount: 3 }, undefined],
  ['the goal is reached, inclusively', 'S0.5 S0.9', { maxTrialCount: 3 }, 'ExperimentGoalReached'],
  ['a trial that was stopped early reaches the goal', 'E0.95', { maxTrialCount: 3 }, 'ExperimentGoalReached'],
  [
    'the goal counts before failures',
    'F F S0.9',
    { maxTrialCount: 9, maxFailedTrialCount: 2 },
    'ExperimentGoalReached',
  ],
  ['the goal counts before the last trial', 'S0.5 S0.9', { maxTrialCount: 2 }, 'ExperimentGoalReached'],
  ['failures count before the last trial', 'F S0.5', { maxTrialCount: 2, maxFailedTrialCount: 1 }, 'ExperimentFailed'],
  ['trials without metrics are failures', 'M S0.5 M', { maxTrialCount: 9, maxFailedTrialCount: 2 }, 'ExperimentFailed'],
  ['maxFailedTrialCount 1 fails with the first', 'F', { maxTrialCount: 9, maxFailedTrialCount: 1 }, 'ExperimentFailed'],
  [
    'maxFailedTrialCount 0 fails with the first too',
    'F',
    { maxTrialCount: 9, maxFailedTrialCount: 0 },
    'ExperimentFailed',
  ],
  ['maxFailedTrialCount 0 without a failure', 'S0.5', { maxTrialCount: 9, maxFailedTrialCount: 0 }, undefined],
  ['no limit of failures: all trials failing is a success', 'F F', { maxTrialCount: 2 }, 'ExperimentMaxTrialsReached'],
  ['every kind of trial counts as one', 'S0.1 E0.2 F M', { maxTrialCount: 4 }, 'ExperimentMaxTrialsReached'],
] as const) {
  test(`the end of a search: ${what}`, () => {
    const end = endOf(trialsOf(trials), { objective: OBJECTIVE, limits: { parallelTrialCount: 1, ...limits } });
    assert.equal(end?.reason, reason);
    if (end) assert.equal(end.status, reason === 'ExperimentFailed' ? 'Failed' : 'Succeeded');
  });
}

test('a goal of a minimum is reached from above', () => {
  const objective = { metric: 'loss', type: 'minimize', goal: 0.1 } as const;
  const limits = { parallelTrialCount: 1, maxTrialCount: 9 };
  assert.equal(endOf(trialsOf('S0.2'), { objective, limits }), undefined);
  assert.equal(endOf(trialsOf('S0.2 S0.1'), { objective, limits })?.reason, 'ExperimentGoalReached');
});

for (const [what, trials, active, wanted] of [
  ['as many as may run at once', '', 0, 3],
  ['as many as there is room for', 'S0.1', 2, 1],
  ['no more than are left', 'S0.1 S0.2 F E0.1', 0, 1],
  ['none where all are under way', 'S0.1 S0.2 F', 2, 0],
  ['one more for one without metrics, as Katib does', 'S0.1 S0.2 F M', 1, 1],
] as const) {
  test(`new trials: ${what}`, () => {
    assert.equal(wantedOf(trialsOf(trials), active, { parallelTrialCount: 3, maxTrialCount: 5 }), wanted);
  });
}

test('the best trial is the first of equals, stopped early or not, and never one without a value', () => {
  assert.equal(bestOf(trialsOf('F S0.5 E0.7 S0.7 M'), OBJECTIVE)?.index, 2);
  assert.equal(bestOf(trialsOf('F S0.5 E0.7 S0.7 M'), { ...OBJECTIVE, type: 'minimize' })?.index, 1);
  assert.equal(bestOf(trialsOf('F M'), OBJECTIVE), undefined);
});
