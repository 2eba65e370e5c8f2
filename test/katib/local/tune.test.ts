import assert from 'node:assert/strict';
import { test } from 'node:test';
import { specSchema } from '../../../events/spec.ts';
import type { Algorithm } from '../../../katib/algorithms/algorithm.ts';
import { type Plan, trialName } from '../../../katib/local/plan.ts';
import { documentOf } from '../../../katib/local/result.ts';
import { tune } from '../../../katib/local/tune.ts';
import { makeSearchPlatform, type Script } from '../../support/search-platform.ts';

/** Suggests what depends on everything that it hears: any other history gives another search. */
const listener: Algorithm = {
  name: 'listener',
  validate: () => [],
  suggest: (_search, trials, first) => {
    const heard = trials.map(({ index, state, value }) => `${index}${state[0]}${value ?? ''}`).join(' ');
    const x = [...heard].reduce((sum, letter) => (31 * sum + letter.charCodeAt(0)) % 1009, first);
    return [{ assignments: { x: String(x) }, labels: { step: String(first) } }];
  },
};

const { dataset, training } = specSchema.parse({});

function planOf(changes: Partial<Plan> & { spec?: Record<string, unknown> } = {}): Plan {
  const spec = { algorithm: 'listener', maxTrialCount: 8, parallelTrialCount: 3, ...changes.spec };
  return {
    name: 'search',
    objective: { metric: 'validation_accuracy', type: 'maximize' },
    strategies: [{ name: 'validation_accuracy', value: 'latest' }],
    metricsFormat: [],
    limits: { parallelTrialCount: 3, maxTrialCount: 8 },
    resumePolicy: 'LongRunning',
    algorithm: listener,
    search: { objective: 'maximize', parameters: [], settings: {}, parallelTrialCount: 3, maxTrialCount: 8 },
    requestOf: (_name, assignments) => ({
      experiment: 'search',
      assignments,
      objective: { metric: 'validation_accuracy', type: 'maximize' },
      stopRules: [],
      dataset,
      model: { name: 'trial', hidden: [4], activation: 'relu', training },
      deadlineMs: 60_000,
    }),
    ...changes,
    spec,
  };
}

const byValue: Script = ({ x }) => [0.1, Number(x) / 2000, Number(x) / 1009];
const never = new AbortController().signal;

test('a search is the same however its trials overtake each other', async () => {
  const plan = planOf();
  const latestFirst = documentOf(plan, await tune(plan, makeSearchPlatform(byValue).client, { signal: never }));
  const platform = makeSearchPlatform(byValue, { isManual: true });
  const tuning = tune(plan, platform.client, { signal: never, onTrial: () => setImmediate(drain) });
  function drain() {
    if (platform.running.length > 0) platform.complete(0);
  }
  const timer = setInterval(drain, 1);
  const firstFirst = documentOf(plan, await tuning);
  clearInterval(timer);
  assert.equal(latestFirst.trials.length, 8);
  assert.equal(firstFirst.digest, latestFirst.digest);
  assert.deepEqual(firstFirst.trials, latestFirst.trials);
});

test('never more trials are under way than may be, and an algorithm hears of them in the order of creation', async () => {
  const heard: string[] = [];
  const algorithm: Algorithm = {
    ...listener,
    suggest(search, trials, first, count) {
      heard.push(trials.map(({ state }) => state[0]).join(''));
      return listener.suggest(search, trials, first, count);
    },
  };
  const platform = makeSearchPlatform(byValue);
  await tune(planOf({ algorithm, limits: { parallelTrialCount: 3, maxTrialCount: 6 } }), platform.client, {
    signal: never,
  });
  assert.deepEqual(heard, ['', 'r', 'rr', 'srr', 'ssrr', 'sssrr']);
});

for (let at = 0; at <= 8; at++) {
  test(`a search that is interrupted when ${at} trials are over goes on with the same assignments`, async () => {
    const plan = planOf();
    const whole = documentOf(plan, await tune(plan, makeSearchPlatform(byValue).client, { signal: never }));
    const platform = makeSearchPlatform(byValue, { isManual: true });
    const killed = new AbortController();
    let over = 0;
    const timer = setInterval(() => {
      if (over === at) return killed.abort(new Error('killed'));
      if (platform.running.length > 0) {
        platform.complete(platform.running.length - 1);
        over++;
      }
    }, 1);
    await tune(plan, platform.client, { signal: killed.signal }).catch(() => undefined);
    clearInterval(timer);
    // What was under way goes on without the tuner, as on a platform that resumes its deliveries.
    const rest = makeSearchPlatform(byValue, { log: platform.log });
    while (platform.running.length > 0) platform.complete();
    const lines = platform.client.lines;
    const client = {
      ...rest.client,
      lines: async (trial: string) => (await lines(trial, never)) || rest.client.lines(trial, never),
    };
    const resumed = documentOf(plan, await tune(plan, client, { signal: never }));
    assert.equal(resumed.digest, whole.digest);
    assert.deepEqual(resumed.trials, whole.trials);
  });
}

test('a search that is over is shown as it is on record', async () => {
  const plan = planOf();
  const platform = makeSearchPlatform(byValue);
  const first = documentOf(plan, await tune(plan, platform.client, { signal: never }));
  const events = platform.log.length;
  let recorded = 0;
  const again = await tune(plan, platform.client, {
    signal: never,
    onStart: (count) => {
      recorded = count;
    },
  });
  assert.equal(recorded, 8);
  assert.equal(platform.log.length, events);
  assert.deepEqual({ ...documentOf(plan, again), trialsPerSecond: 0 }, { ...first, trialsPerSecond: 0 });
  assert.equal(documentOf(plan, again).trialsPerSecond, null);
});

test('the rules of early stopping come of the trials that are over when a trial is created', async () => {
  const plan = planOf({ medianStop: { minTrialsRequired: 3, startStep: 2 } });
  const platform = makeSearchPlatform((_assignments, index) => (index < 3 ? [0.5, 0.7] : [0.1, 0.2, 0.9]));
  const { trials } = await tune(plan, platform.client, { signal: never });
  assert.deepEqual(
    trials.slice(0, 5).map(({ stopRules }) => stopRules.length),
    [0, 0, 0, 0, 0],
  );
  assert.deepEqual(trials[5]?.stopRules, [
    { metric: 'validation_accuracy', comparison: 'less', value: 0.6, startStep: 2 },
  ]);
  assert.equal(trials[5]?.status, 'EarlyStopped');
  assert.equal(trials[5]?.value, 0.2);
});

test('a trial that fails, and one whose objective never appears, are told apart', async () => {
  const platform = makeSearchPlatform((_assignments, index) =>
    index === 0 ? 'no such optimizer' : index === 1 ? [] : [0.5],
  );
  const { trials, reason } = await tune(
    planOf({ limits: { parallelTrialCount: 2, maxTrialCount: 9, maxFailedTrialCount: 2 } }),
    platform.client,
    { signal: never },
  );
  assert.deepEqual(
    trials.slice(0, 2).map(({ status, reason: why }) => [status, why]),
    [
      ['Failed', 'no such optimizer'],
      ['MetricsUnavailable', 'No number was printed as validation_accuracy'],
    ],
  );
  assert.equal(reason, 'ExperimentFailed');
});

test('trials under way at the end are left to finish, and one of them may be the best', async () => {
  const plan = planOf({ objective: { metric: 'validation_accuracy', type: 'maximize', goal: 0.5 } });
  const platform = makeSearchPlatform((_assignments, index) => [index === 0 ? 0.6 : 0.9]);
  const result = await tune(plan, platform.client, { signal: never });
  assert.equal(result.reason, 'ExperimentGoalReached');
  assert.equal(result.trials.length, 3);
  assert.equal(documentOf(plan, result).best?.trial, trialName(plan, 1));
});

test('an algorithm that has nothing more to try ends the search', async () => {
  const algorithm: Algorithm = { ...listener, suggest: (...args) => (args[2] < 4 ? listener.suggest(...args) : []) };
  const { trials, reason } = await tune(planOf({ algorithm }), makeSearchPlatform(byValue).client, { signal: never });
  assert.equal(trials.length, 4);
  assert.equal(reason, 'ExperimentSuggestionEndReached');
});

const more = { spec: { maxTrialCount: 12 }, limits: { parallelTrialCount: 3, maxTrialCount: 12 } };

test('a search goes on after its end where its policy lets it and it is allowed more trials', async () => {
  const platform = makeSearchPlatform(byValue);
  await tune(planOf(), platform.client, { signal: never });
  const { trials, recorded } = await tune(planOf(more), platform.client, { signal: never });
  assert.deepEqual([trials.length, recorded], [12, 8]);
});

for (const [what, before, after, sentence] of [
  [
    'whose policy is Never',
    { resumePolicy: 'Never' },
    { ...more, resumePolicy: 'Never' },
    /^The search "search" is over, and resumePolicy Never does not let it go on: expected LongRunning or FromVolume/,
  ],
  [
    'that ended with its goal',
    { objective: { metric: 'validation_accuracy', type: 'maximize', goal: 0 } },
    { ...more, objective: { metric: 'validation_accuracy', type: 'maximize', goal: 0 } },
    /^The search "search" is over, and it ended with ExperimentGoalReached, after which there is no more/,
  ],
  [
    'that is allowed no more trials than it has',
    {},
    { spec: { parallelTrialCount: 2 }, limits: { parallelTrialCount: 2, maxTrialCount: 8 } },
    /^The search "search" is over, and maxTrialCount 8 is not more than its 8 trials/,
  ],
  [
    'with another algorithm',
    {},
    { spec: { algorithm: 'other' } },
    /^The name "search" is taken on this store by one with another spec\.algorithm: expected the same Experiment, another name \(--name\) or another store \(--store\)$/,
  ],
] as const) {
  test(`a search ${what} does not go on`, async () => {
    const platform = makeSearchPlatform(byValue);
    await tune(planOf(before as Partial<Plan>), platform.client, { signal: never });
    const events = platform.log.length;
    await assert.rejects(tune(planOf(after as Partial<Plan>), platform.client, { signal: never }), {
      code: 'INVALID_ARGUMENT',
      message: sentence,
    });
    assert.equal(platform.log.length, events);
  });
}

test('names of trials are those of Katib, and depend on the search but not on its limits', () => {
  const plan = planOf();
  assert.match(trialName(plan, 0), /^search-[bcdfghjklmnpqrstvwxz2456789]{8}$/);
  assert.equal(trialName(planOf(more), 5), trialName(plan, 5));
  assert.notEqual(trialName(planOf({ spec: { algorithm: 'other' } }), 0), trialName(plan, 0));
  assert.equal(new Set(Array.from({ length: 1000 }, (_, index) => trialName(plan, index))).size, 1000);
});
