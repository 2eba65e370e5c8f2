import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { XorflowError } from '../../../events/errors.ts';
import { Journal } from '../../../knative/local/journal.ts';
import { EVENT_HEADERS, Subscriber, send, startRig, temporaryFolder } from './support.ts';

let folder: string;
before(() => {
  folder = temporaryFolder();
});
after(() => rmSync(folder, { recursive: true, force: true }));

const event = (id: string, body = 'data') => ({
  attributes: { id },
  headers: { 'x-request-id': id },
  body: Buffer.from(body),
});

interface ChildBroker {
  readonly url: string;
  readonly process: ChildProcess;
}

/** A broker in a process of its own, which can be killed. */
async function startChild(journal: string, subscriber: string, limitKiB?: number): Promise<ChildBroker> {
  const main = join(import.meta.dirname, 'broker-process.ts');
  const limit = limitKiB === undefined ? '' : `ulimit -f ${limitKiB}; `;
  const child = spawn('bash', ['-c', `${limit}exec "$0" "$@"`, process.execPath, main, journal, subscriber], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { url: line, process: child };
}

async function kill(child: ChildBroker): Promise<void> {
  child.process.kill('SIGKILL');
  await once(child.process, 'exit');
}

describe('the journal', () => {
  test('gives back what was not finished, in order, byte for byte', async () => {
    const place = join(folder, 'plain');
    const journal = new Journal(place);
    const bytes = Buffer.from([0, 1, 254, 255]);
    const [one] = await journal.append({ ...event('1'), body: bytes }, ['ns/a', 'ns/b']);
    await journal.append(event('2'), ['ns/a']);
    const [three] = await journal.append(event('3'), ['ns/c'], one);
    assert.ok(one && three);
    journal.finish(three);
    await journal.close();

    const again = new Journal(place);
    const left = again.pending();
    assert.deepEqual(
      left.map(({ trigger }) => trigger),
      ['ns/b', 'ns/a'],
    );
    assert.deepEqual(
      left.map((delivery) => again.read(delivery).attributes.id),
      ['1', '2'],
    );
    assert.deepEqual(left[0] && again.read(left[0]).body, bytes);
    for (const delivery of left) again.finish(delivery);
    await again.close();

    const empty = new Journal(place);
    assert.deepEqual(empty.pending(), []);
    await empty.close();
  });

  test('many appends at once share their flushes', async () => {
    const journal = new Journal(join(folder, 'many'));
    const started = performance.now();
    await Promise.all(Array.from({ length: 2000 }, (_, index) => journal.append(event(String(index)), ['ns/a'])));
    assert.equal(journal.pending().length, 2000);
    assert.ok(performance.now() - started < 5000);
    await journal.close();
  });

  test('closing puts on disk what is on its way there, and takes nothing more', async () => {
    const place = join(folder, 'closing');
    const journal = new Journal(place);
    const [one] = await journal.append(event('1'), ['ns/a']);
    assert.ok(one);
    const appending = journal.append(event('2'), ['ns/b']);
    journal.finish(one);
    await journal.close();
    assert.deepEqual(await appending, [{ event: 2, trigger: 'ns/b' }]);
    await assert.rejects(
      journal.append(event('3'), ['ns/c']),
      /^TransientError: Cannot write to .*journal\.mdb: it is closed$/,
    );
    const again = new Journal(place);
    assert.deepEqual(again.pending(), [{ event: 2, trigger: 'ns/b' }]);
    await again.close();
  });

  test('an event is read when its append resolves, though others are read all the time', async () => {
    const journal = new Journal(join(folder, 'read'));
    const [first] = await journal.append(event('0'), ['ns/a']);
    assert.ok(first);
    // So many that most are written by the thread.
    for (let index = 1; index <= 400; index++) {
      let isDone = false;
      const appending = journal
        .append(event(String(index)), ['ns/a'])
        .then(([delivery]) => delivery && journal.read(delivery).attributes.id)
        .finally(() => {
          isDone = true;
        });
      while (!isDone) {
        journal.read(first);
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(await appending, String(index));
    }
    await journal.close();
  });

  const damages: [name: string, damage: (file: string) => void][] = [
    ['text', (file) => writeFileSync(file, 'this is a diary')],
    [
      'random bytes',
      (file) => writeFileSync(file, Buffer.from(Array.from({ length: 50_000 }, (_, index) => (index * 7919) % 251))),
    ],
    ['a journal cut to 1 byte', (file) => truncateSync(file, 1)],
    ['a journal cut in its first page', (file) => truncateSync(file, 1000)],
    ['a journal cut to its first pages', (file) => truncateSync(file, 3 * 4096)],
    ['a journal cut by its last page', (file) => truncateSync(file, readFileSync(file).length - 4096)],
  ];
  for (const [index, [name, damage]] of damages.entries()) {
    test(`refuses ${name} with a clear error and leaves it alone`, async () => {
      const good = join(folder, `good${index}`);
      const journal = new Journal(good);
      await journal.append(event('1', 'x'.repeat(100_000)), ['ns/a']);
      await journal.close();
      const bad = join(folder, `bad${index}`);
      mkdirSync(bad);
      const file = join(bad, 'journal.mdb');
      copyFileSync(join(good, 'journal.mdb'), file);
      damage(file);
      const content = readFileSync(file);
      assert.throws(
        () => new Journal(bad),
        (error) =>
          error instanceof XorflowError &&
          error.code === 'STORE_UNAVAILABLE' &&
          /Unusable journal .*: expected one that this broker wrote, move it away/.test(error.message),
      );
      assert.deepEqual(readFileSync(file), content);
    });
  }

  test('refuses an LMDB file of another program', async () => {
    const { open } = await import('lmdb');
    const place = join(folder, 'foreign');
    mkdirSync(place);
    const db = open({ path: join(place, 'journal.mdb'), noSubdir: true });
    await db.put('theirs', 1);
    await db.close();
    assert.throws(() => new Journal(place), /another program or version/);
  });

  test('refuses a folder that is a file', () => {
    writeFileSync(join(folder, 'file'), '');
    assert.throws(() => new Journal(join(folder, 'file')), /Unusable journal/);
  });
});

describe('what was accepted is delivered (deviation durable-journal)', () => {
  test('a broker killed with pending deliveries delivers them all after its next start', async () => {
    const journal = join(folder, 'killed');
    // Everything fails, so everything is pending when the broker is killed.
    await using subscriber = await Subscriber.start({ status: 503 });
    const child = await startChild(journal, subscriber.url);
    const ids = Array.from({ length: 50 }, (_, index) => `e${index}`);
    const answers = await Promise.all(
      ids.map((id) => send(`${child.url}/ns/default`, { ...EVENT_HEADERS, 'ce-id': id }, id)),
    );
    await kill(child);
    assert.ok(answers.every(({ status }) => status === 202));

    // Another one: what the killed broker had sent may still reach the first.
    await using next = await Subscriber.start({ status: 204 });
    await using rig = await startRig({ async: true, journal, triggers: [{ subscriber: next.url }] });
    assert.equal(rig.named('broker:started')[0]?.resumed, 50);
    await rig.broker.idle();
    const delivered = next.seen;
    assert.deepEqual(delivered.map(({ headers }) => headers['ce-id']).toSorted(), ids.toSorted());
    assert.ok(delivered.every(({ headers, body }) => body.toString() === headers['ce-id']));
  });

  test('a broker killed in the middle of a stream loses no event that it accepted', async () => {
    const journal = join(folder, 'stream');
    await using subscriber = await Subscriber.start({ status: 204, delayMs: 2 });
    const child = await startChild(journal, subscriber.url);
    const accepted: string[] = [];
    const produce = async (producer: number) => {
      for (let index = 0; ; index++) {
        const id = `e${producer}-${index}`;
        const { status } = await send(`${child.url}/ns/default`, { ...EVENT_HEADERS, 'ce-id': id });
        if (status === 202 && accepted.push(id) === 100) child.process.kill('SIGKILL');
      }
    };
    await Promise.allSettled([0, 1, 2, 3].map(produce));

    await using rig = await startRig({ async: true, journal, triggers: [{ subscriber: subscriber.url }] });
    await rig.broker.idle();
    const seen = new Set(subscriber.seen.map(({ headers }) => headers['ce-id']));
    assert.deepEqual(
      accepted.filter((id) => !seen.has(id)),
      [],
    );
  });

  test('closing leaves what waits for a retry in the journal, and a later start delivers it once', async () => {
    const journal = join(folder, 'closed');
    await using subscriber = await Subscriber.start((_, attempt) => ({ status: attempt === 0 ? 500 : 204 }));
    const delivery = { retry: 1, backoffPolicy: 'exponential', backoffDelay: 'PT1H' } as const;
    {
      await using rig = await startRig({ async: true, journal, triggers: [{ subscriber: subscriber.url, delivery }] });
      await send(rig.url);
      while (rig.named('delivery:retried').length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (let start = 0; start < 2; start++) {
      await using rig = await startRig({ async: true, journal, triggers: [{ subscriber: subscriber.url, delivery }] });
      await rig.broker.idle();
      assert.equal(rig.named('broker:started')[0]?.resumed, start === 0 ? 1 : 0);
    }
    assert.equal(subscriber.seen.length, 2);
  });

  test('a delivery whose Trigger is gone is dropped, and told', async () => {
    const journal = join(folder, 'gone');
    const left = new Journal(journal);
    await left.append(event('1'), ['ns/gone']);
    await left.close();
    await using rig = await startRig({ journal, triggers: [] });
    await rig.broker.idle();
    assert.equal(rig.named('delivery:dropped')[0]?.reason, 'the Trigger is gone');
  });

  test('a full disk: 503 to the producer, nothing accepted is lost, and it goes on once there is room', async () => {
    const journal = join(folder, 'full');
    let isDown = true;
    await using subscriber = await Subscriber.start(() => ({ status: isDown ? 503 : 204 }));
    // No file of the child may grow beyond 1 MiB: the same to it as a full disk.
    const child = await startChild(journal, subscriber.url, 1024);
    const statuses: number[] = [];
    for (let index = 0; index < 15; index++) {
      const { status } = await send(
        `${child.url}/ns/default`,
        { ...EVENT_HEADERS, 'ce-id': `e${index}` },
        'x'.repeat(100_000),
      );
      statuses.push(status);
    }
    const accepted = statuses.filter((status) => status === 202).length;
    assert.ok(accepted >= 5 && accepted < 15, `statuses ${statuses.join(' ')}`);
    assert.deepEqual(new Set(statuses), new Set([202, 503]));
    isDown = false;
    while (subscriber.seen.length < accepted) await new Promise((resolve) => setTimeout(resolve, 5));
    for (let status = 503; status !== 202; ) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      ({ status } = await send(`${child.url}/ns/default`, { ...EVENT_HEADERS, 'ce-id': 'last' }, 'x'.repeat(100_000)));
    }
    await kill(child);
    await using rig = await startRig({ async: true, journal, triggers: [{ subscriber: subscriber.url }] });
    await rig.broker.idle();
    const seen = new Set(subscriber.seen.map(({ headers }) => headers['ce-id']));
    const lost = statuses.flatMap((status, index) => (status === 202 && !seen.has(`e${index}`) ? [`e${index}`] : []));
    assert.deepEqual(lost, []);
    assert.ok(seen.has('last'));
  });
});
