import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { binOf, type Ended, ROOT, runTool } from './tool.ts';

/** One thing that has to hold before a change may leave this machine. */
interface Step {
  readonly name: string;
  readonly fix: string;
  run(): Promise<Ended>;
}

const FOLDERS = ['events', 'functions', 'knative', 'katib', 'kfp', 'scripts', 'test'];

/** A second run looks at what has changed only. */
const INCREMENTAL = ['--noEmit', '--incremental', '--tsBuildInfoFile', 'node_modules/.cache/check.tsbuildinfo'];

/** The slowest first, so that the others fit beside it. */
const STEPS: readonly Step[] = [
  {
    name: 'types',
    fix: 'mend what tsc names',
    run: () => runTool([binOf('typescript', 'tsc'), '-p', 'tsconfig.json', ...INCREMENTAL]),
  },
  {
    name: 'arrows',
    fix: 'import nothing against the arrows of .dependency-cruiser.mjs; what two rooms share moves below both',
    run: () =>
      runTool([
        binOf('dependency-cruiser', 'depcruise'),
        ...foldersThere(),
        '--config',
        '.dependency-cruiser.mjs',
        '--output-type',
        'err-long',
      ]),
  },
  {
    name: 'unused code',
    fix: 'remove what knip names, or tell knip.json who uses it',
    run: () => runTool([binOf('knip'), '--no-progress']),
  },
  {
    name: 'format and lint',
    fix: 'npm run fix',
    run: () => runTool([binOf('@biomejs/biome', 'biome'), 'check', '--error-on-warnings', '.']),
  },
  { name: 'generated tables', fix: 'npm run docs', run: () => runTool(['scripts/docs.ts', '--check']) },
  { name: 'tests run whole', fix: 'take out the .only', run: checkNoOnly },
];

function foldersThere(): string[] {
  const names = new Set(readdirSync(ROOT));
  return FOLDERS.filter((name) => names.has(name));
}

/** A test marked `.only` silences all others of its file. */
async function checkNoOnly(): Promise<Ended> {
  const found: string[] = [];
  for (const entry of readdirSync(join(ROOT, 'test'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
    const path = join(entry.parentPath, entry.name);
    for (const [index, line] of readFileSync(path, 'utf8').split('\n').entries()) {
      if (/^\s*(?:await )?(?:test|it|describe|suite)\.only\(|\bonly: true\b/.test(line)) {
        found.push(`${relative(ROOT, path)}:${index + 1}: ${line.trim()}`);
      }
    }
  }
  return { code: found.length === 0 ? 0 : 1, output: found.join('\n') };
}

/** Runs all steps, as many at once as there are cores; a line for each. */
export async function check(only: readonly string[] = []): Promise<boolean> {
  const steps = STEPS.filter(({ name }) => only.length === 0 || only.includes(name));
  const failed: (Step & Ended)[] = [];
  const started = performance.now();
  const rest = steps.values();
  const work = async () => {
    for (const step of rest) {
      const began = performance.now();
      const ended = await step.run();
      const isOk = ended.code === 0;
      process.stdout.write(`${isOk ? 'ok    ' : 'FAILED'}  ${step.name.padEnd(16)}  ${secondsSince(began)}\n`);
      if (!isOk) failed.push({ ...step, ...ended });
    }
  };
  await Promise.all(Array.from({ length: Math.min(steps.length, availableParallelism()) }, work));
  for (const { name, output, fix } of failed) {
    process.stdout.write(`\n── ${name} ──\n${output.trim()}\nTo fix: ${fix}\n`);
  }
  const summary = failed.length === 0 ? 'All checks passed' : `${failed.length} of ${steps.length} checks failed`;
  process.stdout.write(`\n${summary} in ${secondsSince(started)}\n`);
  return failed.length === 0;
}

function secondsSince(then: number): string {
  return `${((performance.now() - then) / 1000).toFixed(1)} s`;
}

if (process.argv[1] === import.meta.filename) {
  process.exitCode = (await check(process.argv.slice(2))) ? 0 : 1;
}
