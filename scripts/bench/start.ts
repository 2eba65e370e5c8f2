import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coldStart } from '../cold-start.ts';
import { ROOT } from '../tool.ts';
import { type Contestant, type Measurement, measure, type Sample, type Say } from './measure.ts';

const FUNCTIONS = join(ROOT, 'functions');

/** Cold start of every function: from the start of its process to the first 200 of its readiness. */
export async function benchStarts({ times }: { times: number }, say: Say): Promise<Measurement[]> {
  const names = readdirSync(FUNCTIONS).filter((name) => existsSync(join(FUNCTIONS, name, 'index.ts')));
  const contestants: Contestant[] = names.map((name) => ({ who: name, run: () => startFunction(name) }));
  return measure({ part: 'start', what: 'process to ready' }, contestants, times, say);
}

async function startFunction(name: string): Promise<Sample> {
  const folder = await mkdtemp(join(tmpdir(), 'xorflow-bench-'));
  try {
    const { readyMs, end } = await coldStart([process.execPath, join(FUNCTIONS, name, 'index.ts')], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: join(ROOT, 'node_modules', '.cache', 'compile'),
        K_SINK: 'http://127.0.0.1:9/',
        XORFLOW_STORE: `embedded:${folder}`,
        KF_PIPELINES_ENDPOINT: 'http://127.0.0.1:9/',
        LOG_LEVEL: 'error',
      },
    });
    // Not by SIGKILL: Node keeps what it has compiled when it ends.
    await end();
    return { ms: readyMs, outcome: 'ready' };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
