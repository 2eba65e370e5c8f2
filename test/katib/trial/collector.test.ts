import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaitCollector, hasCollector } from '../../../katib/trial/collector.ts';
import { makeFolder } from '../../support/manifests.ts';

const COLLECTOR = './file-metricscollector\0-t\0xor-abc\0-m\0validation_accuracy\0';

test('the collector of a trial is found by its command line', async () => {
  const processes = { '17/cmdline': 'node\0katib/trial.ts\0', '23/cmdline': COLLECTOR, 'self/cmdline': '' };
  await using proc = await makeFolder(processes);
  await awaitCollector('xor-abc', new AbortController().signal, proc.path);
});

for (const [what, files] of [
  ['that of another trial', { '23/cmdline': COLLECTOR.replace('xor-abc', 'xor-abcd') }],
  ['the trial itself', { '23/cmdline': 'node\0katib/trial.ts\0xor-abc\0' }],
  ['what is no process', { 'other/cmdline': COLLECTOR }],
  ['a process that is not for us to see', { '23/comm': 'file-metricscol' }],
] as const) {
  test(`it is not ${what}`, async () => {
    await using proc = await makeFolder(files);
    assert.equal(hasCollector('xor-abc', proc.path), false);
  });
}

test('where no processes are told of, it is not there', () => {
  assert.equal(hasCollector('xor-abc', '/nonexistent'), false);
});
