import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore } from '../../functions/store/open.ts';
import { LOG } from '../../functions/store/port.ts';
import { openRecords, storeFolder } from '../../scripts/records.ts';
import { makeFolder } from './command.ts';
import { EXPERIMENT, exampleLog } from './gateway.ts';

const never = new AbortController().signal;

/** A store with an experiment and, after it, a request that was refused. */
async function fill(data: string): Promise<void> {
  await using store = await openStore(`embedded:${storeFolder(data)}`);
  const entry = (id: string, name: string, time: string) => ({ key: id, value: JSON.stringify({ id, name, time }) });
  const [, ...rest] = exampleLog();
  await store.logs.append(
    LOG.events(EXPERIMENT),
    exampleLog().map((value, index) => ({ key: String(index), value })),
  );
  await store.logs.append(
    LOG.events('refused'),
    rest.slice(-1).map((value) => ({ key: '0', value: value.replaceAll(EXPERIMENT, 'refused') })),
  );
  await store.logs.append(LOG.experiments, [
    entry(EXPERIMENT, 'xor', '2026-01-01T00:00:00Z'),
    entry('refused', 'mine', '2026-01-02T00:00:00Z'),
  ]);
}

test('the list is newest first, and a refused request has its time', async () => {
  await using folder = await makeFolder();
  await fill(folder.path);
  await using records = await openRecords(folder.path);
  const list = await records.list(never);
  assert.deepEqual(
    list.map(({ id }) => id),
    ['refused', EXPERIMENT],
  );
  assert.equal(list[0]?.requestedAt, '2026-01-02T00:00:00Z');
  assert.ok(list[1]?.requestedAt !== '2026-01-01T00:00:00Z');
});
