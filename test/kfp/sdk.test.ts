import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeFolder } from '../support/manifests.ts';

const FILE = fileURLToPath(new URL('../../kfp/pipeline.yaml', import.meta.url));
const SCRIPT = fileURLToPath(new URL('./load_pipeline.py', import.meta.url));
const PACKAGES = ['kfp==2.17.3', 'kfp-kubernetes==2.17.3'];

function skip(context: TestContext, reason: string): void {
  context.skip(reason);
  // The reporter's word alone is easily overlooked.
  process.stderr.write(`The pipeline is NOT loaded by the SDK of Kubeflow Pipelines: ${reason}\n`);
}

test('the SDK of Kubeflow Pipelines loads the file, and its protos take every field of both documents', {
  timeout: 300_000,
}, async (context) => {
  let python = process.env.KFP_PYTHON;
  await using folder = await makeFolder();
  if (python === undefined) {
    if (!process.env.CI)
      return skip(context, 'it installs 100 MB, so only in CI (CI=true); KFP_PYTHON names a Python that has kfp');
    python = join(folder.path, 'venv', 'bin', 'python');
    await promisify(execFile)('python3', ['-m', 'venv', join(folder.path, 'venv')]);
    await promisify(execFile)(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES], {
      maxBuffer: 2 ** 24,
    });
  }
  const { stdout } = await promisify(execFile)(python, [SCRIPT, FILE]);
  const said = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  assert.equal(said.name, 'xorflow');
  assert.equal(said.same, true, 'what the protos read, written again, is what the file says');
  assert.deepEqual(said.executors.sort(), [
    'exec-compare',
    'exec-generate',
    'exec-report',
    'exec-scatter',
    'exec-start',
    'exec-train',
  ]);
});
