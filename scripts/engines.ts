import { execFile } from 'node:child_process';
import { ENGINES, type TrainingSpec } from '../events/spec.ts';

/** What trains on this machine, or why not. */
export interface FoundEngine {
  readonly name: Exclude<TrainingSpec['engine'], 'auto'>;
  readonly isThere: boolean;
  readonly reason: string;
}

/** The engines that a spec may name. */
export const NAMES = ENGINES.filter((name) => name !== 'auto');

/**
 * Loads every engine and tells which ones do; in another process, because a native library that does not suit the
 * machine may take its process with it.
 */
export async function findEngines(): Promise<FoundEngine[]> {
  return Promise.all(
    NAMES.map(
      (name) =>
        new Promise<FoundEngine>((done) => {
          const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', TF_ENABLE_ONEDNN_OPTS: '0' };
          execFile(process.execPath, [import.meta.filename, name], { env }, (error, stdout) => {
            const line = stdout.trim().split('\n').at(-1) ?? '';
            const reason = line === '' && error ? `its process ended with ${error.signal ?? error.code}` : line;
            done({ name, isThere: error === null, reason });
          });
        }),
    ),
  );
}

/** The process that {@link findEngines} starts; the last line on stdout is the reason. */
async function probe(name: string): Promise<void> {
  const { selectEngine } = await import('../functions/train/engines/select.ts');
  const wanted = NAMES.find((known) => known === name);
  try {
    const { reason } = await selectEngine(wanted ?? 'auto');
    process.stdout.write(`${reason}\n`);
  } catch (error) {
    process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === import.meta.filename) await probe(process.argv[2] ?? '');
