/** `node scripts/setup.mjs scripts/func.ts train`: a folder that `func` takes, for one function. */
import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { exitCodeOf, sentenceOfError, usageError } from './exit.ts';
import { ROOT } from './tool.ts';

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const RUNTIME = 'faas-js-runtime';

/** A builder brings its own Node; deploying is not a function's business. */
const NOT_NEEDED = ['node', '@kubernetes/client-node', 'commander'];

/**
 * Puts together what a build of one function needs and nothing else: func sends a single folder to its builder, and a
 * function shares rooms with the others. Node runs the sources as they are, so that nothing is compiled.
 *
 * @param out the folder: emptied first
 * @throws RejectedError `INVALID_ARGUMENT` for a function that has no func.yaml
 */
export async function assemble(name: string, out: string): Promise<void> {
  const functions = join(ROOT, 'functions');
  const folders = readdirSync(functions);
  const known = folders.filter((folder) => existsSync(join(functions, folder, 'func.yaml')));
  if (!known.includes(name)) {
    throw usageError(`Unknown function ${JSON.stringify(name)}: expected one of ${known.join(', ')}`);
  }
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const rooms = folders.filter((folder) => folder === name || !existsSync(join(functions, folder, 'index.ts')));
  for (const path of ['events', ...rooms.map((room) => join('functions', room))]) {
    await cp(join(ROOT, path), join(out, path), { recursive: true });
  }
  await cp(join(functions, name, 'func.yaml'), join(out, 'func.yaml'));
  // npm takes from it what package.json asks for; the rest of it is of no interest there.
  await cp(join(ROOT, 'package-lock.json'), join(out, 'package-lock.json'));
  await writeFile(join(out, 'package.json'), `${JSON.stringify(await manifestOf(name), undefined, 2)}\n`);
}

async function manifestOf(name: string): Promise<object> {
  const { version, license, dependencies, devDependencies } = JSON.parse(
    await readFile(join(ROOT, 'package.json'), 'utf8'),
  ) as Manifest;
  const needed = Object.entries(dependencies).filter(([dependency]) => !NOT_NEEDED.includes(dependency));
  const entry = `functions/${name}/faas.ts`;
  return {
    name,
    version,
    license,
    private: true,
    type: 'module',
    main: entry,
    engines: { node: '>=24.12' },
    // The runtime reads no PORT, which is what Knative gives.
    scripts: { start: `${RUNTIME} --port "\${PORT:-8080}" ./${entry}` },
    dependencies: Object.fromEntries([...needed, [RUNTIME, devDependencies[RUNTIME]]]),
  };
}

if (process.argv[1] === import.meta.filename) {
  try {
    const [name, out, ...rest] = process.argv.slice(2);
    if (name === undefined || rest.length > 0)
      throw usageError('Expected the name of a function and, if you like, a folder');
    const folder = resolve(out ?? join(ROOT, '.xorflow', 'func', name));
    await assemble(name, folder);
    process.stdout.write(`${relative(process.cwd(), folder)}\n`);
  } catch (error) {
    process.stderr.write(`xorflow: ${sentenceOfError(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
