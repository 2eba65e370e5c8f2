import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readEvents, readLines, type ServerSentEvent } from '../../../functions/client/sse.ts';

async function parse(text: string, cuts: readonly number[] = []): Promise<ServerSentEvent[]> {
  return Array.fromAsync(readEvents(cut(Buffer.from(text), cuts)));
}

function* cut(bytes: Buffer, cuts: readonly number[]): Generator<Uint8Array> {
  let from = 0;
  for (const to of [...cuts.map((at) => at % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    yield bytes.subarray(from, to);
    from = to;
  }
}

const line = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n\0\u2028\u2029]/g, ''));
const message = fc.record({ id: line, event: line, data: fc.array(line, { minLength: 1 }) });

test('messages are the same however their bytes are cut and lines are ended', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(message),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.array(fc.nat()),
      async (messages, end, cuts) => {
        const text = messages
          .flatMap(({ id, event, data }) => [`id: ${id}`, `event: ${event}`, ...data.map((one) => `data: ${one}`), ''])
          .map((one) => `${one}${end}`)
          .join('');
        const expected = messages.map(({ id, event, data }) => ({
          id,
          event: event || 'message',
          data: data.join('\n'),
        }));
        assert.deepEqual(await parse(text, cuts), expected);
      },
    ),
    { numRuns: 200 },
  );
});

test('a message that is cut off is dropped', async () => {
  assert.deepEqual(await parse('id: 1\ndata: a\n\nid: 2\ndata: b\n'), [{ id: '1', event: 'message', data: 'a' }]);
});

test('comments, unknown fields and messages without data are passed over; the id stays', async () => {
  assert.deepEqual(await parse(': hello\nretry: 5\nid: 7\n\ncolour: red\ndata:x\ndata\n\n'), [
    { id: '7', event: 'message', data: 'x\n' },
  ]);
});

test('a mark at the very beginning is no part of the first line', async () => {
  assert.deepEqual(await parse('\ufeffdata: x\n\n', [1, 2]), [{ id: '', event: 'message', data: 'x' }]);
});

test('lines are given as they end, the unfinished last one is not', async () => {
  assert.deepEqual(await Array.fromAsync(readLines([Buffer.from('a\nb\r'), Buffer.from('\nc')])), ['a', 'b']);
});
