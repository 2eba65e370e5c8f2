import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { derivedId } from '../../../events/define.ts';
import { TransientError } from '../../../events/errors.ts';
import { examplePlot } from '../../../events/examples.ts';
import { keyOf } from '../../../events/ids.ts';
import { trialsPlotted } from '../../../events/registry.ts';
import { LOG } from '../../../functions/store/port.ts';
import { type Draw, plotTrials, SOURCE } from '../../../functions/trials/handler.ts';
import type { Pause } from '../../../functions/trials/quiet.ts';
import { makeTestDeps, type TestDeps } from '../../support/deps.ts';
import { completed, EXPERIMENT, record, requested } from './log.ts';

type Completed = ReturnType<typeof completed>;

/** A picture whose title depends, as the real ones do, on the search alone. */
const draw: Draw = async ({ trials }) => [examplePlot('optimisation-history', trials.map(({ name }) => name).join())];
const never: Draw = () => assert.fail('drawn');

/** No time at all: whoever waits has waited enough. */
const atOnce: Pause = async () => undefined;
/** As long as nothing else happens. */
const forEver: Pause = (signal) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

const plot = (event: Completed, deps: TestDeps, using: { draw?: Draw; pause?: Pause } = {}) =>
  plotTrials(event, deps, { draw, pause: atOnce, ...using });

test('a trial after which the search is quiet is drawn with all before it', async () => {
  await using deps = await makeTestDeps();
  await record(deps.store, requested(1), completed(1), requested(2));
  const second = completed(2);
  const [plotted, ...more] = await plot(second, deps);
  assert.equal(more.length, 0);
  assert.deepEqual(
    [plotted?.source, plotted?.subject, plotted?.experiment, plotted?.id],
    [SOURCE, EXPERIMENT, EXPERIMENT, derivedId(second, trialsPlotted)],
  );
  assert.equal(plotted?.data?.trials, 2);
  assert.equal(plotted?.data?.plots[0]?.title, 'xor-random-1,xor-random-2');
});

test('the event that it got is in the log of the search, once', async () => {
  await using deps = await makeTestDeps();
  await plot(completed(1), deps);
  await plot(completed(1), deps);
  const log = await deps.store.logs.read(LOG.search(EXPERIMENT));
  assert.deepEqual(
    log.map(({ key }) => key),
    [keyOf(completed(1))],
  );
});

test('a trial that another has followed is not drawn', async () => {
  await using deps = await makeTestDeps();
  await record(deps.store, completed(1), completed(2));
  assert.deepEqual(await plot(completed(1), deps, { draw: never, pause: () => assert.fail('waited') }), []);
});

test('a trial that ends while the last one waits ends the waiting, and is drawn in its place', async () => {
  await using deps = await makeTestDeps();
  const { promise: waiting, resolve: begins } = Promise.withResolvers<void>();
  const pause: Pause = (signal) => {
    begins();
    return forEver(signal);
  };
  const first = plot(completed(1), deps, { draw: never, pause });
  await waiting;
  const second = await plot(completed(2), deps);
  assert.deepEqual(await first, []);
  assert.equal(second[0]?.data?.trials, 2);
});

test('what a search asks for and gives up does not disturb its quiet', async () => {
  await using deps = await makeTestDeps();
  await record(deps.store, completed(1), requested(2));
  assert.equal((await plot(completed(1), deps)).length, 1);
});

test('a search that is never quiet is drawn at the first trial of each ten seconds', async () => {
  await using deps = await makeTestDeps();
  const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString();
  const events = [1, 2, 9, 11, 12, 19, 31, 33].map((second, index) => completed(index + 1, {}, at(second)));
  await record(deps.store, ...events, completed(99));
  const drawn = [];
  for (const event of events) drawn.push((await plot(event, deps))[0]?.data?.trials);
  assert.deepEqual(drawn, [undefined, undefined, undefined, 4, undefined, undefined, 7, undefined]);
});

test('what has been drawn is said again with the same words, and not drawn again', async () => {
  await using deps = await makeTestDeps();
  const [plotted] = await plot(completed(1), deps);
  assert.ok(plotted);
  await record(deps.store, plotted, completed(2));
  const [again] = await plot(completed(1), deps, { draw: never });
  assert.deepEqual([again?.id, again?.data], [plotted.id, plotted.data]);
});

test('a drawing that never reached the log is drawn again, the same, whatever has come since', async () => {
  await using deps = await makeTestDeps();
  const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString();
  await record(deps.store, completed(1, {}, at(9)));
  const event = completed(2, {}, at(10));
  const [lost] = await plot(event, deps);
  await record(deps.store, completed(3, {}, at(11)));
  const [again] = await plot(event, deps);
  assert.ok(lost);
  assert.deepEqual([again?.id, again?.data], [lost.id, lost.data]);
});

test('whoever waits when the function shuts down gives the event back', async () => {
  const closing = new AbortController();
  await using deps = await makeTestDeps({ draining: closing.signal });
  const { promise: waiting, resolve: begins } = Promise.withResolvers<void>();
  const pause: Pause = (signal) => {
    begins();
    return forEver(signal);
  };
  const plotting = plot(completed(1), deps, { draw: never, pause });
  await waiting;
  closing.abort();
  await assert.rejects(plotting, (error) => error instanceof TransientError && /xor-random/.test(error.message));
});

test('in any order, repeated and at once, the last trial is drawn with all others, and one id is one drawing', async () => {
  const count = 6;
  const indexes = Array.from({ length: count }, (_, index) => index + 1);
  const deliveries = fc
    .array(fc.constantFrom(...indexes), { maxLength: 8 })
    .chain((again) => fc.shuffledSubarray([...indexes, ...again], { minLength: count + again.length }))
    .chain((order) =>
      fc.tuple(
        ...order.map((number) =>
          fc.record({ number: fc.constant(number), atOnce: fc.boolean(), recorded: fc.boolean() }),
        ),
      ),
    );
  await fc.assert(
    fc.asyncProperty(deliveries, async (order) => {
      await using deps = await makeTestDeps();
      const drawings = new Map<string, unknown>();
      let most = 0;
      let running: Promise<void>[] = [];
      for (const { number, atOnce: together, recorded } of order) {
        const handled = plot(completed(number), deps).then(async (made) => {
          for (const event of made) {
            const before = drawings.get(event.id) ?? event.data;
            assert.deepEqual(event.data, before, 'another drawing under this id');
            drawings.set(event.id, event.data);
            most = Math.max(most, event.data?.trials ?? 0);
          }
          if (recorded) await record(deps.store, ...made);
        });
        running.push(handled);
        if (together) continue;
        await Promise.all(running);
        running = [];
      }
      await Promise.all(running);
      assert.equal(most, count);
    }),
    { numRuns: 150, seed: 7 },
  );
});
