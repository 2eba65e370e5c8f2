import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { NAMES } from '../engines.ts';
import { ROOT } from '../tool.ts';
import { type Contestant, type Measurement, measure, type Say } from './measure.ts';
import { type Subject, startSubject } from './subject.ts';

/** One training to measure: points in so many dimensions, hidden layers, epochs over 10000 points in full batches. */
interface Case {
  readonly dims: number;
  readonly hidden: readonly number[];
  readonly epochs: number;
}

const CASES: readonly Case[] = [
  { dims: 2, hidden: [], epochs: 1000 },
  { dims: 2, hidden: [16], epochs: 1000 },
  { dims: 2, hidden: [16, 16], epochs: 1000 },
  { dims: 2, hidden: [16, 16, 16], epochs: 1000 },
  { dims: 10, hidden: [64, 64], epochs: 100 },
];

const BENCH = join(ROOT, 'test', 'bench');

/** Training by every engine that this machine has; with peers, by others' ways to do the same work, in turn with ours. */
export async function benchTraining(
  { times, peers, epochs }: { times: number; peers: boolean; epochs: number | undefined },
  say: Say,
): Promise<Measurement[]> {
  await using stack = new AsyncDisposableStack();
  const subjects: { who: string; subject: Subject }[] = [];
  const add = async (who: string, starting: Promise<Subject | string>) => {
    const subject = await starting;
    if (typeof subject === 'string') return say(`train: without ${who}: ${subject}`);
    subjects.push({ who, subject: stack.use(subject) });
    say(`train: ${who}: ${subject.description}`);
  };
  const cores = availableParallelism();
  for (const name of NAMES) await add(`engine ${name}`, startEngine(name));
  if (cores > 1) await add(`engine fused, ${cores} threads`, startEngine('fused', 'any', cores));
  // Where the native library is installed, the engine no longer runs on the backend that most machines have.
  if (subjects.some(({ who, subject }) => who === 'engine tensorflow' && subject.description.includes('native'))) {
    await add('engine tensorflow, WASM', startEngine('tensorflow', 'wasm'));
  }
  if (peers) {
    const folder = await mkdtemp(join(tmpdir(), 'xorflow-bench-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    await add('peer C, -O3 -msse4.1', startC(folder));
    for (const threads of new Set([1, cores])) {
      await add(`peer PyTorch, ${threads} ${threads === 1 ? 'thread' : 'threads'}`, startPyTorch(threads));
    }
    for (const backend of ['wasm', 'native']) {
      await add(
        `peer TensorFlow.js fit, ${backend}`,
        startSubject(process.execPath, [join(BENCH, 'peers', 'fit.ts'), backend]),
      );
    }
  }
  const measurements: Measurement[] = [];
  for (const one of CASES) {
    const settled = { ...one, epochs: epochs ?? one.epochs };
    const what = `[${[one.dims, ...one.hidden, 1]}] x ${settled.epochs} epochs`;
    const contestants: Contestant[] = subjects.map(({ who, subject }) => ({
      who,
      run: () => subject.ask(toLine(settled)),
    }));
    measurements.push(...(await measure({ part: 'train', what }, contestants, times, say)));
  }
  return measurements;
}

/** `dims epochs points validation rate seed widths`, what every subject reads. */
function toLine({ dims, hidden, epochs }: Case): string {
  return [dims, epochs, 10_000, 1_000, 0.01, 42, ...hidden].join(' ');
}

function startEngine(name: string, backend = 'any', cpus = 1): Promise<Subject | string> {
  return startSubject(process.execPath, [join(BENCH, 'engine.ts'), name, backend, String(cpus)]);
}

/** Compiled by the machine's own compiler, since that is what somebody would do who wrote it in C. */
async function startC(folder: string): Promise<Subject | string> {
  const binary = join(folder, 'loop');
  const simd = process.arch === 'x64' ? ['-msse4.1'] : [];
  const args = ['-O3', ...simd, '-o', binary, join(BENCH, 'peers', 'loop.c'), '-lm'];
  const { status, stderr, error } = spawnSync(process.env.CC ?? 'cc', args, { encoding: 'utf8' });
  if (status === 0) return startSubject(binary, []);
  return error?.message ?? `the compiler ended with ${status}: ${stderr.trim()}`;
}

/** `PYTHON` names the one that has torch. */
function startPyTorch(threads: number): Promise<Subject | string> {
  const script = join(BENCH, 'peers', 'torch_loop.py');
  return startSubject(process.env.PYTHON ?? 'python3', [script], { OMP_NUM_THREADS: String(threads) });
}
