import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { toLogged } from '../../functions/client/logged.ts';
import { makeProgress } from '../../scripts/progress.ts';
import { formatDuration, formatTable, printable } from '../../scripts/table.ts';
import { EXPERIMENT, exampleLog } from './gateway.ts';

const events = exampleLog().map((json, index) => toLogged(index + 1, json).event);

suite('progress', () => {
  test('is one line that changes, on a terminal: the share of all models’ epochs, and the stage', () => {
    const drawn: string[] = [];
    const screen = { isTTY: true, columns: 80, write: (text: string) => drawn.push(text) };
    const progress = makeProgress(EXPERIMENT, screen);
    const last = () => drawn.at(-1)?.replace('\r\u001b[2K', '') ?? '';
    for (const event of events.slice(0, 2)) if (event) progress.event(event);
    assert.match(last(), /^░{24} {3}0 % training: 0 of 2 models done$/);
    progress.line('2026-01-01T00:00:00Z xor/1-hidden-layer epoch=1000 loss=0.5 accuracy=0.9');
    for (const event of events.slice(2, 4)) if (event) progress.event(event);
    assert.match(last(), /^█{12}░{12} {2}49 % training: 0 of 2 models done$/);
    for (const event of events.slice(4)) if (event) progress.event(event);
    assert.match(last(), /^█{24} 100 % completed$/);
    progress[Symbol.dispose]();
    assert.equal(last(), '');
    assert.ok(drawn.every((text) => text.startsWith('\r\u001b[2K') && !text.includes('\n')));
  });

  test('is cut at the width of a terminal', () => {
    const drawn: string[] = [];
    const progress = makeProgress(EXPERIMENT, { isTTY: true, columns: 40, write: (text) => drawn.push(text) });
    for (const event of events) if (event) progress.event(event);
    assert.ok(drawn.every((text) => text.replace('\r\u001b[2K', '').length < 40));
  });
});

suite('what is printed', () => {
  test('holds nothing that a terminal would act on', () => {
    assert.equal(printable('a\u001b[31mb\nc\u202ed\u009b'), 'a\ufffd[31mb\ufffdc\ufffdd\ufffd');
  });

  test('is aligned, and no line ends in spaces', () => {
    const columns = [
      { title: 'Name', text: ([name]: readonly [string, number]) => name },
      { title: 'N', align: 'right' as const, text: ([, n]: readonly [string, number]) => String(n) },
    ];
    const rows = [['long name', 1] as const, ['b', 200] as const];
    assert.equal(formatTable(columns, rows), 'Name         N\n─────────  ───\nlong name    1\nb          200\n');
  });

  test('says times as a person would', () => {
    assert.deepEqual([undefined, 0.4, 999, 1_000, 61_000].map(formatDuration), [
      '–',
      '0 ms',
      '999 ms',
      '1.0 s',
      '1 min 1 s',
    ]);
  });
});
