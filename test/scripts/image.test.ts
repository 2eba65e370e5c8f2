import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadManifests } from '../../knative/local/manifests.ts';
import { contextFiles, filesOfCopy } from '../../scripts/image/context.ts';
import { type Instruction, parseDockerfile } from '../../scripts/image/dockerfile.ts';
import { ROOT } from '../../scripts/tool.ts';
import { makeFolder } from '../support/manifests.ts';

const PATIENCE_MS = 280_000;
const UNREACHABLE = 3;

const { stages } = parseDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));
const final = stages.at(-1) ?? assert.fail('no stage');

/** The last instruction of a kind in the stage that becomes the image, but for its line. */
function last(kind: Instruction['kind']): object {
  const { line: _, ...found } = final.instructions.findLast((one) => one.kind === kind) ?? assert.fail(`no ${kind}`);
  return found;
}

describe('the image', () => {
  test('has the Node that the project pins, in every stage', () => {
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Readonly<Record<string, { version: string }>>;
    };
    const version = lock.packages['node_modules/node']?.version;
    for (const { base } of stages) assert.equal(base, `node:${version}-bookworm-slim`);
  });

  test('runs as the user that the Services demand, and Node is its first process', async () => {
    const users = (await loadManifests(join(ROOT, 'knative', 'base'))).flatMap(({ document }) =>
      [...JSON.stringify(document).matchAll(/"runAsUser":(\d+)/g)].map(([, uid]) => uid),
    );
    assert.ok(users.length > 0);
    for (const uid of users) assert.deepEqual(last('user'), { kind: 'user', value: `${uid}:${uid}` });
    assert.deepEqual(last('entrypoint'), { kind: 'entrypoint', words: ['node'] });
  });

  test('is built of the contract, the functions and their packages: no tests, nothing of git, nothing local', () => {
    const files = contextFiles(ROOT);
    assert.ok(files.includes('functions/train/engines/fused/kernel/index.ts'));
    const folders = new Set(files.map((file) => file.split('/')[0]));
    for (const folder of folders) {
      assert.match(String(folder), /^(?:events|functions|katib|kfp|scripts|package(?:-lock)?\.json|.*\.whl)$/);
    }
    assert.deepEqual(last('copy'), { kind: 'copy', from: 'build', paths: ['/app'], to: '/app' });
  });

  test('takes TensorFlow by a build argument', () => {
    const args = stages[0]?.instructions.filter(({ kind }) => kind === 'arg') ?? [];
    assert.ok(args.some((arg) => arg.kind === 'arg' && 'TENSORFLOW_WHEEL' in arg.values));
  });
});

describe('the check of the image', () => {
  for (const [what, text, error] of [
    ['an instruction that it does not follow', 'FROM a\nADD x y', /^Error: Dockerfile:2: "ADD"/],
    ['a shell between the process and SIGTERM', 'FROM a\nCMD node x.ts', /^Error: Dockerfile:2: "node x\.ts"/],
    ['a flag that it does not follow', 'FROM a\nCOPY --chown=1 a b', /^Error: Dockerfile:2: "--chown=1 a b"/],
    ['a mount', 'FROM a\n\nRUN --mount=type=cache x', /^Error: Dockerfile:3: /],
    ['what stands before FROM', 'RUN x', /^Error: Dockerfile:1: "RUN"/],
  ] as const) {
    test(`refuses ${what}, with its line`, () => assert.throws(() => parseDockerfile(text), error));
  }

  test('reads lines that go on, comments between them, arguments, and quoted values', () => {
    const { args, stages } = parseDockerfile(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the Dockerfile's own
      'ARG V=1\nFROM a:${V} AS b\nRUN x \\\n# why\n && y\nLABEL a.b="c d" \\\n  e=f\nCOPY --from=b /app /app\n',
    );
    assert.deepEqual(args, { V: '1' });
    assert.equal(stages[0]?.base, 'a:1');
    assert.deepEqual(stages[0]?.instructions, [
      { kind: 'run', line: 3, script: 'x && y' },
      { kind: 'label', line: 6, values: { 'a.b': 'c d', e: 'f' } },
      { kind: 'copy', line: 8, from: 'b', paths: ['/app'], to: '/app' },
    ]);
  });

  test('takes from the context what .dockerignore lets in, and misses what a COPY wants and is not there', async () => {
    await using folder = await makeFolder({
      '.dockerignore': '# why\n*\n!a\n!*.whl\na/secret\n',
      '.env': '',
      'a/b/c.ts': '',
      'a/secret/key': '',
      'tf.whl': '',
      'README.md': '',
    });
    const files = contextFiles(folder.path);
    assert.deepEqual(files.sort(), ['a/b/c.ts', 'tf.whl']);
    assert.deepEqual(filesOfCopy(files, ['a'], 'x', 1), [['a/b/c.ts', 'x/b/c.ts']]);
    assert.deepEqual(filesOfCopy(files, ['tf.whl'], './', 1), [['tf.whl', 'tf.whl']]);
    assert.throws(() => filesOfCopy(files, ['events'], '.', 7), /Dockerfile:7: no events in the build's context/);
  });
});

test('what the Dockerfile puts together starts and runs an experiment: read-only, without the packages of development', async (t) => {
  const child = spawn(process.execPath, [join(ROOT, 'scripts', 'image.ts')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const timer = setTimeout(() => child.kill(), PATIENCE_MS);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  if (code === UNREACHABLE && !process.env.CI) return t.skip('npm cannot reach its registry');
  assert.equal(code, 0, said);
  assert.match(said, /Size {2}\d+ MB/);
  t.diagnostic(said.slice(said.indexOf('Command')));
});
