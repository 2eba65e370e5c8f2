/** `npm run setup:tensorflow`: TensorFlow's native library for engine tensorflow, without the host that npm's package downloads it from. */
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { XorflowError } from '../events/errors.ts';
import { findEngines } from './engines.ts';
import { EXIT, exitCodeOf, sentenceOfError, usageError } from './exit.ts';
import { ADDON, checkTools, compileAddon, installPackage, isCompiled, PACKAGE } from './tensorflow/addon.ts';
import { findLibraries, linkLibraries } from './tensorflow/libraries.ts';
import { unpackWheel, versionOfWheel } from './tensorflow/wheel.ts';
import { ROOT } from './tool.ts';

const CACHE = join(ROOT, 'node_modules', '.cache', 'tensorflow');

const EXAMPLES = `
Examples:
  pip download --no-deps --only-binary=:all: tensorflow_cpu==2.21.0
  npm run setup:tensorflow -- --wheel tensorflow_cpu-2.21.0-*.whl
  npm run setup:tensorflow -- --lib /usr/local/libtensorflow

Without it engine tensorflow runs on its WASM backend, which needs nothing. "npm ci" empties node_modules, and with it
what this has built.`;

interface Options {
  readonly wheel?: string;
  readonly lib?: string;
}

async function setUp(options: Options): Promise<void> {
  const folder = await libraryFolder(options);
  const libraries = findLibraries(folder);
  checkTools();
  const isNew = await step(`Package ${PACKAGE}`, installPackage);
  const isLinked = await linkLibraries(libraries, ADDON);
  say(`Libraries  ${libraries.tensorflow}\n`);
  if (isNew || isLinked || !isCompiled()) {
    await step('Addon', async () => {
      await compileAddon();
      return true;
    });
  } else say('Addon  there already\n');
  const engine = (await findEngines()).find(({ name }) => name === 'tensorflow');
  if (!engine?.isThere || !engine.reason.includes('native')) {
    throw new XorflowError('ENGINE_MISSING', `The addon is built but does not load: ${engine?.reason}`);
  }
  say(`Engine tensorflow runs on ${engine.reason}\n`);
}

async function libraryFolder({ wheel, lib }: Options): Promise<string> {
  if (process.platform !== 'linux') {
    throw usageError(
      `Wrong platform ${process.platform}: expected linux, elsewhere engine tensorflow runs on its WASM backend`,
    );
  }
  if (lib !== undefined && wheel === undefined) return lib;
  if (wheel === undefined || lib !== undefined) {
    throw usageError('Expected one of --wheel FILE and --lib DIR: where TensorFlow comes from (--help shows examples)');
  }
  let folder = '';
  await step(`TensorFlow ${versionOfWheel(wheel, process)}`, async () => {
    const unpacked = await unpackWheel(wheel, CACHE);
    folder = unpacked.folder;
    return unpacked.isNew;
  });
  return folder;
}

/** Says what is done, and how long it took or that it had been done before. */
async function step(what: string, work: () => Promise<boolean>): Promise<boolean> {
  say(`${what}  `);
  const started = performance.now();
  const isNew = await work();
  say(isNew ? `done in ${((performance.now() - started) / 1000).toFixed(1)} s\n` : 'there already\n');
  return isNew;
}

/** A step has begun and not said how it ended. */
let isMidLine = false;

function say(text: string): void {
  isMidLine = !text.endsWith('\n');
  process.stdout.write(text);
}

const command = new Command('setup:tensorflow')
  .description("builds @tensorflow/tfjs-node from TensorFlow's own library, so that engine tensorflow runs natively")
  .option('--wheel <file>', 'a wheel of tensorflow_cpu for Linux, of any Python')
  .option('--lib <dir>', 'an unpacked C library (include/, lib/), or the folder of an installed Python package')
  .addHelpText('after', EXAMPLES)
  .exitOverride()
  .configureOutput({ outputError: () => {} });

try {
  command.parse(process.argv);
  await setUp(command.opts<Options>());
} catch (thrown) {
  if (!(thrown instanceof CommanderError && thrown.exitCode === 0)) {
    const error = thrown instanceof CommanderError ? usageError(thrown.message.replace(/^error: /, '')) : thrown;
    process.stderr.write(`${isMidLine ? '\n' : ''}xorflow: ${sentenceOfError(error)}\n`);
    process.exitCode = thrown instanceof CommanderError ? EXIT.usage : exitCodeOf(error);
  }
}
