import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadKernel } from '../../../../functions/train/engines/fused/build.ts';

async function makeFolder() {
  const path = await mkdtemp(join(tmpdir(), 'xorflow-kernel-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test('the kernel is compiled once, to the same bytes everywhere, and kept whole or not at all', async () => {
  await using folder = await makeFolder();
  const cache = join(folder.path, 'new', 'cache');
  const both = await Promise.all([loadKernel(cache), loadKernel(cache)]);
  assert.deepEqual(both[0], both[1]);
  assert.deepEqual(both[0], await loadKernel());
  const [name, ...others] = await readdir(cache);
  assert.ok(name !== undefined && others.length === 0);
  assert.match(name, /^[0-9a-f]{64}-\d+\.\d+\.\d+\.wasm$/);
  assert.deepEqual(new Uint8Array(await readFile(join(cache, name))), both[0]);
  await writeFile(join(cache, name), 'kept');
  assert.equal(Buffer.from(await loadKernel(cache)).toString(), 'kept');
});

test('where nothing can be kept, the kernel is compiled all the same', async () => {
  await using folder = await makeFolder();
  const file = join(folder.path, 'file');
  await writeFile(file, '');
  assert.deepEqual(await loadKernel(file), await loadKernel());
});

test('without its compiler the kernel that is kept is taken, whatever compiled it; where none is kept, that is said', async () => {
  await using folder = await makeFolder();
  const room = join(folder.path, 'functions', 'train', 'engines', 'fused');
  await cp(join(import.meta.dirname, '../../../../functions/train/engines/fused'), room, { recursive: true });
  const cache = join(folder.path, 'node_modules', '.cache', 'xorflow');
  const run = () => spawnSync(process.execPath, [join(room, 'build.ts')], { encoding: 'utf8' });
  assert.match(run().stderr, /No kernel of these sources in .*, and no package assemblyscript to compile it/);
  await loadKernel(cache);
  assert.equal(run().status, 0);
});
