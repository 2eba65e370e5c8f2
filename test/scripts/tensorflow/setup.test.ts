import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { findLibraries, linkLibraries } from '../../../scripts/tensorflow/libraries.ts';
import { unpackWheel, versionOfWheel } from '../../../scripts/tensorflow/wheel.ts';
import { makeFolder, ROOT } from '../command.ts';
import { zip } from './zip.ts';

const HERE = { platform: 'linux', arch: 'x64' };
const NAME = 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl';

const FILES = {
  'tensorflow/libtensorflow_cc.so.2': 'the library',
  'tensorflow/libtensorflow_framework.so.2': 'the framework',
  'tensorflow/include/tensorflow/c/c_api.h': 'a header',
  'tensorflow/include/external/other.h': 'not needed',
  'tensorflow/python/_pywrap.so': 'not needed',
};

suite('a wheel is known by its name', () => {
  test('whatever Python it is for', () => {
    assert.equal(versionOfWheel(`/tmp/${NAME}`, HERE), '2.21.0');
    assert.equal(versionOfWheel(NAME.replaceAll('cp311', 'cp313'), HERE), '2.21.0');
    const other = 'tensorflow-2.20.0-cp310-cp310-manylinux_2_17_aarch64.whl';
    assert.equal(versionOfWheel(other, { platform: 'linux', arch: 'arm64' }), '2.20.0');
  });

  test('and refused for another platform or processor, or under another name', () => {
    assert.throws(
      () => versionOfWheel(NAME, { platform: 'linux', arch: 'arm64' }),
      /expected one for manylinux…_aarch64/,
    );
    assert.throws(() => versionOfWheel(NAME, { platform: 'darwin', arch: 'x64' }), /this machine is darwin on x64/);
    assert.throws(
      () => versionOfWheel('numpy-2.0.0-cp311-cp311-manylinux_2_17_x86_64.whl', HERE),
      /expected a TensorFlow/,
    );
  });
});

test('of a wheel the libraries and the C headers are unpacked, once', async () => {
  await using folder = await makeFolder();
  const wheel = join(folder.path, NAME);
  await writeFile(wheel, zip(FILES));
  const first = await unpackWheel(wheel, join(folder.path, 'cache'));
  assert.equal(first.isNew, true);
  const libraries = findLibraries(first.folder);
  assert.equal(await readFile(libraries.tensorflow, 'utf8'), 'the library');
  assert.equal(basename(libraries.framework), 'libtensorflow_framework.so.2');
  await assert.rejects(readFile(join(first.folder, 'python', '_pywrap.so')), { code: 'ENOENT' });
  await assert.rejects(readFile(join(first.folder, 'include', 'external', 'other.h')), { code: 'ENOENT' });
  assert.deepEqual(await unpackWheel(wheel, join(folder.path, 'cache')), { folder: first.folder, isNew: false });
});

test('a wheel that is cut off, or holds no TensorFlow, is refused and leaves nothing behind', async () => {
  await using folder = await makeFolder();
  const wheel = join(folder.path, NAME);
  const cache = join(folder.path, 'cache');
  await writeFile(wheel, zip(FILES).subarray(0, 200));
  await assert.rejects(unpackWheel(wheel, cache), /^RejectedError: Cannot unpack ".*" at --wheel: /);
  await writeFile(wheel, zip({ 'other/file': '' }));
  await assert.rejects(unpackWheel(wheel, cache), /it holds no library of TensorFlow/);
  await assert.rejects(unpackWheel(join(folder.path, 'none.whl'), cache), /^RejectedError: No file ".*" at --wheel/);
  await assert.rejects(readFile(cache), { code: 'ENOENT' });
});

test('the addon is linked to the libraries, and a second time nothing changes', async () => {
  await using folder = await makeFolder();
  for (const name of ['include/tensorflow/c/c_api.h', 'lib/libtensorflow.so.2', 'lib/libtensorflow_framework.so.2']) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true });
    await writeFile(join(folder.path, name), '');
  }
  const libraries = findLibraries(folder.path);
  const addon = join(folder.path, 'addon');
  assert.equal(await linkLibraries(libraries, addon), true);
  assert.equal(await readlink(join(addon, 'deps', 'lib', 'libtensorflow.so')), libraries.tensorflow);
  assert.equal(await readlink(join(addon, 'deps', 'include')), join(folder.path, 'include'));
  assert.equal(await linkLibraries(libraries, addon), false);
});

test('a library folder that lacks something is refused by the name of what it lacks', async () => {
  await using folder = await makeFolder();
  assert.throws(
    () => findLibraries(folder.path),
    /No C header of TensorFlow in ".*": expected include\/tensorflow\/c\/c_api.h/,
  );
});

test('setup:tensorflow without a source says what it expects, with 2', () => {
  const ended = spawnSync(process.execPath, [join(ROOT, 'scripts', 'setup-tensorflow.ts')], { encoding: 'utf8' });
  assert.equal(ended.status, 2);
  assert.match(ended.stderr, /^xorflow: Expected one of --wheel FILE and --lib DIR.*\n$/);
});
