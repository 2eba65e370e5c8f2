import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CloudEvent } from 'cloudevents';
import fc from 'fast-check';
import { CATALOGUE, type EventType, type KnownEvent } from '../../events/registry.ts';
import { foldEvents, isOver } from '../../events/state.ts';

function example(type: EventType, time: string, change: object = {}): KnownEvent {
  const definition = CATALOGUE.find((one) => one.type === type);
  const data = { ...(definition?.example as object), ...change };
  return new CloudEvent({ source: '/t', id: `${type}-${time}`, type, subject: 'x', time, data }) as KnownEvent;
}

const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`;
const chain = [
  example('experiment.requested', at(0)),
  example('dataset.generated', at(1)),
  example('samples.plotted', at(2)),
  example('training.requested', at(2)),
  example('model.trained', at(3)),
  example('models.compared', at(4)),
  example('experiment.completed', at(5)),
];

test('each event moves the experiment on', () => {
  const statuses = chain.map((_, index) => foldEvents('x', chain.slice(0, index + 1)).status);
  assert.deepEqual(statuses, ['requested', 'running', 'running', 'running', 'running', 'running', 'completed']);
  const models = chain.map((_, index) => foldEvents('x', chain.slice(0, index + 1)).models[1]?.status);
  assert.deepEqual(models, ['waiting', 'waiting', 'waiting', 'training', 'trained', 'trained', 'trained']);
  const end = foldEvents('x', chain);
  assert.ok(isOver(end));
  assert.equal(end.durationMs, 5_000);
  assert.equal(end.table.length, 1);
});

test('a redelivered event changes nothing', () => {
  assert.deepEqual(
    foldEvents(
      'x',
      chain.flatMap((event) => [event, event]),
    ),
    foldEvents('x', chain),
  );
});

test('any order of arrival ends in the same state', () => {
  const end = foldEvents('x', chain);
  fc.assert(
    fc.property(fc.shuffledSubarray(chain, { minLength: chain.length }), (shuffled) => {
      assert.deepEqual(foldEvents('x', shuffled), end);
    }),
  );
});

test('the first terminal event settles the experiment', () => {
  const failed = example('experiment.failed', at(3));
  const end = foldEvents('x', [chain[0] as KnownEvent, failed, ...chain.slice(1)]);
  assert.equal(end.status, 'failed');
  assert.equal(end.failure?.stage, 'train');
  assert.equal(end.durationMs, 3_000);
});

test('a second request for the same experiment changes nothing', () => {
  const other = example('experiment.requested', at(9), { name: 'other', models: [] });
  assert.deepEqual(foldEvents('x', [...chain, other]), foldEvents('x', chain));
});
