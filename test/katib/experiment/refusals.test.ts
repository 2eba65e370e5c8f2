import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { loadExperiment } from '../../../katib/experiment/load.ts';
import { HIDDEN, KATIB, loadChanged, loadText, RATE, refusalOf } from './fixture.ts';
import { JOB_CASES } from './job-cases.ts';
import { KATIB_ONLY_CASES } from './katib-only-cases.ts';
import { PARAMETER_CASES } from './parameter-cases.ts';
import { SPEC_CASES } from './spec-cases.ts';
import { TEMPLATE_CASES } from './template-cases.ts';

const SUITES = { ...SPEC_CASES, ...PARAMETER_CASES, ...TEMPLATE_CASES, ...JOB_CASES, ...KATIB_ONLY_CASES };

for (const [title, cases] of Object.entries(SUITES)) {
  suite(`refused: ${title}`, () => {
    for (const [behaviour, changes, ...sentences] of cases) {
      test(behaviour, async () => {
        assert.deepEqual(await refusalOf(loadChanged(changes)), sentences);
      });
    }
  });
}

test('everything that is wrong is told at once, a line each', async () => {
  const sentences = await refusalOf(
    loadChanged({
      [`${RATE}/min`]: '1',
      [`${HIDDEN}/max`]: 'x',
      'spec/parallelTrialCount': 99,
      'spec/algorithm/algorithmName': 'none',
    }),
  );
  assert.equal(sentences.length, 4);
});

test('a file that is not there is told from one that is wrong', async () => {
  await assert.rejects(loadExperiment('/nowhere/a.yaml'), {
    code: 'NOT_FOUND',
    message: /^Cannot read the experiment \/nowhere\/a\.yaml: ENOENT/,
  });
});

test('a file holds one document, and one that Kubernetes reads as we do', async () => {
  const text = await readFile(join(KATIB, 'experiment.yaml'), 'utf8');
  assert.deepEqual(await refusalOf(loadText(`${text}---\n${text}`)), ['2 documents: expected 1']);
  assert.deepEqual(await refusalOf(loadText('# nothing\n')), ['0 documents: expected 1']);
  assert.match(
    (await refusalOf(loadText(text.replace('[adam, sgd]', '[on, off]'))))[0] ?? '',
    /unquoted on is read differently/,
  );
  assert.match((await refusalOf(loadText(text.replace('spec:', 'spec: ['))))[0] ?? '', /^line \d+: /);
});
