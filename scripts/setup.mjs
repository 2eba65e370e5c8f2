// Runs on Node 20 and later without a single package: it is what installs them, and what hands over to Node 24.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runNpm } from './npm.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MODULES = join(ROOT, 'node_modules');
const STAMP = join(MODULES, '.xorflow-setup');
/** npm's own record of what it has installed. */
const RECORD = join(MODULES, '.package-lock.json');
const LOCK = join(ROOT, '.xorflow', 'setup.lock');
const STALE_MS = 20_000;
/** From here on Node strips types without a warning. */
const WANTED = [24, 12];

/**
 * Makes sure that the packages of package-lock.json are installed, then runs a TypeScript file with Node 24:
 * in this very process if it is Node 24, else in one of the Node that the project brings along.
 *
 * @param {string} file relative to the project's folder
 * @param {string[]} args
 */
export async function runFile(file, args) {
  await install();
  // By the environment, since worker threads and child processes go by that.
  process.env.NODE_COMPILE_CACHE ??= join(MODULES, '.cache', 'compile');
  const path = resolve(ROOT, file);
  const own = ownNode();
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isWanted = major > WANTED[0] || (major === WANTED[0] && minor >= WANTED[1]);
  if (isWanted || (major === WANTED[0] && !existsSync(own))) {
    module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE);
    process.argv = [process.argv[0] ?? 'node', path, ...args];
    await import(pathToFileURL(path).href);
    return;
  }
  if (!existsSync(own)) {
    fail(
      `Node ${process.versions.node} is too old and the project's own Node 24 is missing at ${own}, as when npm runs no install scripts: run "npm rebuild node --ignore-scripts=false", or use Node 24`,
    );
  }
  await runWith(own, [path, ...args]);
}

/** Waits for a child that has our terminal, passes signals on, and ends as it ended. */
async function runWith(command, args) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const child = spawn(command, args, { stdio: 'inherit' });
  const [code, signal] = await new Promise((done, failed) => {
    child.once('error', failed);
    child.once('exit', (...ended) => done(ended));
  });
  process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  // Signal handlers keep nothing alive, but a pending stdin would.
  process.exit();
}

async function install() {
  const lockfile = readFileSync(join(ROOT, 'package-lock.json'));
  const stamp = `${createHash('sha256').update(lockfile).digest('hex')} ${process.platform}-${process.arch}\n`;
  if (isStamped(stamp)) return;
  if (isInstalled(lockfile)) {
    writeFileSync(STAMP, stamp);
    return;
  }
  if (!(await takeLock(() => isStamped(stamp)))) return;
  const beat = setInterval(touchLock, STALE_MS / 10);
  try {
    process.stderr.write('Installing packages (once) …\n');
    const started = performance.now();
    await installPackages();
    mkdirSync(MODULES, { recursive: true });
    await prepare();
    writeFileSync(STAMP, stamp);
    process.stderr.write(`Packages installed in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  } finally {
    clearInterval(beat);
    rmSync(LOCK, { force: true });
  }
}

function isStamped(stamp) {
  try {
    return readFileSync(STAMP, 'utf8') === stamp;
  } catch {
    return false;
  }
}

/** Whether somebody ran npm by hand: npm's own record of node_modules lists all that package-lock.json demands. */
function isInstalled(lockfile) {
  let installed;
  try {
    installed = JSON.parse(readFileSync(RECORD, 'utf8')).packages;
  } catch {
    return false;
  }
  // Installed without any of them, as in an image, is installed too; some of them are not.
  const omitsDev = !Object.values(installed).some(({ dev }) => dev);
  return Object.entries(JSON.parse(lockfile.toString()).packages).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed[path];
    if (!found) return Boolean(wanted.optional || wanted.devOptional || wanted.peer || (omitsDev && wanted.dev));
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

/** Resolves true when the lock is ours, false when whoever had it has finished the work. */
async function takeLock(isDone) {
  mkdirSync(dirname(LOCK), { recursive: true });
  for (let waits = 0; ; waits++) {
    if (isDone()) return false;
    try {
      writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
      return true;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (waits === 1) process.stderr.write('Waiting for another process that installs the packages …\n');
    if (isStale()) rmSync(LOCK, { force: true });
    await new Promise((done) => setTimeout(done, 100 + Math.random() * 100));
  }
}

/** A holder touches its lock every two seconds; one that died by kill -9 does not. */
function isStale() {
  try {
    const { mtimeMs } = statSync(LOCK);
    if (Date.now() - mtimeMs > STALE_MS) return true;
    const pid = Number(readFileSync(LOCK, 'utf8'));
    if (pid > 0) process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function touchLock() {
  try {
    utimesSync(LOCK, new Date(), new Date());
  } catch {
    // Somebody removed the folder by hand: the stamp still tells when we are done.
  }
}

/** Compiles the training kernel, so that the first start need not; it is compiled there where this fails. */
async function prepare() {
  const build = join(ROOT, 'functions', 'train', 'engines', 'fused', 'build.ts');
  if (!existsSync(build)) return;
  const own = ownNode();
  const child = spawn(existsSync(own) ? own : process.execPath, [build], { stdio: 'ignore' });
  await new Promise((done) => child.once('error', done).once('exit', done));
}

function ownNode() {
  return join(MODULES, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** What the lock file says; where npm finds it incomplete (EUSAGE), what it says as far as it goes. */
async function installPackages() {
  const common = ['--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  let ended = await runNpm(['ci', ...common], ROOT);
  if (!ended.signal && ended.output.includes('EUSAGE')) {
    ended = await runNpm(['install', '--no-save', ...common], ROOT);
  }
  if (ended.signal) stop(ended.signal);
  if (ended.code === 0) return;
  process.stderr.write(ended.output);
  rmSync(LOCK, { force: true });
  fail(
    `npm could not install the packages in ${ROOT} (exit code ${ended.code}), as shown above: check the network and the npm registry, then run the command again`,
  );
}

/** What there is of node_modules is no installation, whatever was said of it before. */
function stop(signal) {
  for (const path of [STAMP, RECORD, LOCK]) rmSync(path, { force: true });
  process.stderr.write('\nInterrupted: the packages are not all installed; the next start installs them\n');
  process.exit(128 + constants.signals[signal]);
}

function fail(sentence) {
  process.stderr.write(`xorflow: ${sentence}\n`);
  process.exit(3);
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [file, ...args] = process.argv.slice(2);
  if (!file) {
    process.stderr.write('Usage: node scripts/setup.mjs <file.ts> [arguments]\n');
    process.exit(2);
  }
  await runFile(file, args);
}
