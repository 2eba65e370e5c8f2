import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, delimiter, dirname, join } from 'node:path';
import { XorflowError } from '../../events/errors.ts';
import { type Ended, ROOT, run } from '../tool.ts';

export const PACKAGE = '@tensorflow/tfjs-node';

/** Where npm puts the package. */
export const ADDON = join(ROOT, 'node_modules', PACKAGE);

/** Of N-API, so that every Node from 20 on loads it. */
const BINARY = join(ADDON, 'lib', 'napi-v8', 'tfjs_binding.node');

/** What the package itself is built by; it is a dependency of the package, not of the project. */
const BUILDER = '@mapbox/node-pre-gyp/bin/node-pre-gyp';

/**
 * Installs the package without its install script, which would download the library from a host of its own; npm drops
 * an optional package when that fails. Nothing else in node_modules changes, nor does package-lock.json.
 *
 * @returns whether it was not there before
 */
export async function installPackage(): Promise<boolean> {
  if (existsSync(join(ADDON, 'package.json'))) return false;
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    optionalDependencies: Readonly<Record<string, string>>;
  };
  const options = ['--no-save', '--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  const wanted = `${PACKAGE}@${manifest.optionalDependencies[PACKAGE]}`;
  const script = npmScript();
  const args = ['install', ...options, '--loglevel=error', wanted];
  const ended = await (script === undefined ? run('npm', args, ROOT) : run(process.execPath, [script, ...args], ROOT));
  if (ended.code !== 0) throw failed(`npm could not install ${wanted}`, ended, 'check the network and the registry');
  return true;
}

export function isCompiled(): boolean {
  return existsSync(BINARY);
}

/** @throws XorflowError `ENGINE_MISSING` naming the tool that is not there */
export function checkTools(): void {
  const { CXX, PYTHON, npm_config_python: python } = process.env;
  const tools = {
    'C++ compiler': [CXX, 'g++', 'c++', 'clang++'],
    make: ['make', 'gmake'],
    'Python 3 (node-gyp is written in it)': [python, PYTHON, 'python3', 'python'],
  };
  for (const [name, candidates] of Object.entries(tools)) {
    const commands = candidates.filter((command) => command !== undefined && command !== '');
    if (commands.some((command) => spawnSync(`${command} --version`, { shell: true, stdio: 'ignore' }).status === 0))
      continue;
    throw missing(
      `No ${name} on this machine (tried ${commands.join(', ')}): install it, on Debian and Ubuntu by "apt-get install g++ make python3"`,
    );
  }
}

/**
 * Compiles the addon. Node's headers are those that the machine has, of whatever version: the addon needs N-API only.
 *
 * @throws XorflowError `ENGINE_MISSING` with the end of what the compiler said
 */
export async function compileAddon(): Promise<void> {
  const tool = createRequire(join(ADDON, 'package.json')).resolve(BUILDER);
  const gyp = gypScript();
  const headers = headersFolder();
  const env = {
    ...process.env,
    ...(gyp === undefined ? {} : { npm_config_node_gyp: gyp }),
    ...(headers === undefined ? {} : { npm_config_nodedir: headers }),
  };
  const ended = await run(process.execPath, [tool, 'install', '--build-from-source'], ADDON, env);
  if (ended.code === 0 && isCompiled()) return;
  const hint =
    headers === undefined
      ? 'this machine has no headers of Node: install them (on Debian and Ubuntu libnode-dev) or name their folder in npm_config_nodedir'
      : `headers of Node were taken from ${headers}/include/node`;
  throw failed(`${PACKAGE} could not be compiled`, ended, hint);
}

/** The folder that holds `include/node`; where there is none, node-gyp downloads the headers. */
function headersFolder(): string | undefined {
  const nodes = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .filter((path) => existsSync(path))
    .map((path) => realpathSync(path));
  const prefixes = [process.execPath, ...nodes].map((path) => dirname(dirname(path)));
  return [process.env.npm_config_nodedir, ...prefixes, '/usr', '/usr/local'].find(
    (folder) => folder !== undefined && existsSync(join(folder, 'include', 'node', 'node_api.h')),
  );
}

/** npm's own file: the npm that runs us, or the one on the PATH. */
function npmScript(): string | undefined {
  const running = process.env.npm_execpath ?? '';
  if (/^npm(-cli)?\.[cm]?js$/.test(basename(running))) return running;
  const paths = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'npm'));
  const found = paths.find((path) => existsSync(path));
  const script = found === undefined ? '' : realpathSync(found);
  return script.endsWith('.js') ? script : undefined;
}

/** node-gyp comes with npm. */
function gypScript(): string | undefined {
  const npm = npmScript();
  const beside = npm && join(dirname(dirname(npm)), 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  return [process.env.npm_config_node_gyp, beside].find((path) => path !== undefined && existsSync(path));
}

function missing(message: string): XorflowError {
  return new XorflowError('ENGINE_MISSING', message);
}

function failed(what: string, { code, output }: Ended, hint: string): XorflowError {
  const end = output.trim().split('\n').slice(-20).join('\n');
  process.stderr.write(`${end}\n`);
  return missing(`${what} (exit code ${code}, see above): ${hint}`);
}
