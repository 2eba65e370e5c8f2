import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { importancesOf } from '../../../functions/trials/importance.ts';
import { scaleOf } from '../../../functions/trials/scales.ts';
import { parametersOf, type Search } from '../../../functions/trials/search.ts';
import { makeFolder } from '../../support/manifests.ts';
import { makeSearch } from './fixture.ts';

const SCRIPT = fileURLToPath(new URL('./optuna_importance.py', import.meta.url));
const PACKAGES = ['optuna==5.0.0', 'scikit-learn>=1.5,<2'];
/** Between the shares of two forests of other random numbers; and Optuna takes each of a list's values as an axis of its own. */
const TOLERANCE = 0.08;

function skip(context: TestContext, reason: string): void {
  context.skip(reason);
  process.stderr.write(`The importance of hyperparameters is NOT compared with Optuna's: ${reason}\n`);
}

function asOptunaTakesIt(search: Search) {
  const parameters = parametersOf(search).map((name) => {
    const values = search.trials.flatMap(({ assignments }) => assignments[name] ?? []);
    return { name, kind: scaleOf(name, values).kind, values: [...new Set(values)] };
  });
  return { parameters, trials: search.trials.map(({ assignments, value }) => ({ assignments, value })) };
}

async function sharesOfOptuna(python: string, search: Search): Promise<Record<string, number>> {
  const running = promisify(execFile)(python, [SCRIPT]);
  running.child.stdin?.end(JSON.stringify(asOptunaTakesIt(search)));
  return JSON.parse((await running).stdout.trim().split('\n').at(-1) ?? '');
}

test("the shares of hyperparameters are those of Optuna's fANOVA", { timeout: 300_000 }, async (context) => {
  let python = process.env.OPTUNA_PYTHON;
  await using folder = await makeFolder();
  if (python === undefined) {
    if (!process.env.CI)
      return skip(context, 'it installs 100 MB, so only in CI (CI=true); OPTUNA_PYTHON names a Python that has optuna');
    python = join(folder.path, 'venv', 'bin', 'python');
    await promisify(execFile)('python3', ['-m', 'venv', join(folder.path, 'venv')]);
    await promisify(execFile)(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES], {
      maxBuffer: 2 ** 24,
    });
  }
  const searches = [
    makeSearch({ trials: 100, failed: 0 }),
    makeSearch({ trials: 60, parameters: ['activation', 'optimizer', 'momentum', 'layers'], failed: 0, seed: 2 }),
    makeSearch({ trials: 200, objective: { metric: 'validation_loss', type: 'minimize' }, failed: 0, seed: 3 }),
  ];
  for (const search of searches) {
    const theirs = await sharesOfOptuna(python, search);
    const ours = importancesOf(search)?.parameters ?? [];
    assert.deepEqual(ours.map(({ parameter }) => parameter).sort(), Object.keys(theirs).sort());
    for (const { parameter, share } of ours) {
      const difference = Math.abs(share - (theirs[parameter] ?? 0));
      assert.ok(difference <= TOLERANCE, `${parameter}: ${share}, Optuna has ${theirs[parameter]}`);
    }
  }
});
