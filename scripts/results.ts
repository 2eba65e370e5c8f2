import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Descriptor } from '../events/descriptor.ts';
import { slug } from '../events/spec.ts';
import { unreachable, usageError } from './exit.ts';
import type { Outcome } from './experiment.ts';
import type { Records } from './records.ts';
import { documentOf, type PlotFiles } from './report.ts';

const PARALLEL = 6;
const SUMMARY = 'summary.json';
const PLOT_NAME = /^[a-z0-9-]{1,64}$/;

/** A file of the results folder and the artifact that it is a copy of. */
interface Entry {
  readonly path: string;
  readonly digest: string;
}

/**
 * Looks at `--out` before the work begins.
 * @throws RejectedError `INVALID_ARGUMENT` for a folder with something else in it, which results would replace
 */
export function checkResultsFolder(folder: string): string {
  const path = resolve(folder);
  try {
    const names = readdirSync(path);
    if (names.length === 0 || names.includes(SUMMARY)) return path;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return path;
    throw usageError(`Wrong value ${JSON.stringify(folder)} at --out: expected a folder, new or empty`, { cause });
  }
  throw usageError(
    `Wrong value ${JSON.stringify(folder)} at --out: expected a new folder, an empty one or earlier results, not one with other files in it`,
  );
}

/**
 * Writes plots, models, histories, data and a summary into a folder, which appears whole or not at all. Earlier
 * results in it are replaced.
 *
 * @returns where the files of each plot are
 */
export async function exportResults(
  records: Records,
  outcome: Outcome,
  folder: string,
  signal: AbortSignal,
): Promise<PlotFiles[]> {
  const path = resolve(folder);
  const parent = dirname(path);
  const half = join(parent, `.${basename(path)}.partial-${process.pid}`);
  try {
    await mkdir(parent, { recursive: true });
    await removeAbandoned(parent);
    await mkdir(half);
    await download(records, entriesOf(outcome), half, signal);
    const summary = documentOf(outcome.state, plotFiles(outcome, ''));
    await writeFile(join(half, SUMMARY), `${JSON.stringify(summary, null, 2)}\n`);
    signal.throwIfAborted();
    if (existsSync(path)) {
      await rename(path, `${half}-old`);
      await rename(half, path);
      await rm(`${half}-old`, { recursive: true });
    } else await rename(half, path);
  } catch (error) {
    await rm(half, { recursive: true, force: true });
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw unreachable(`Cannot write the results to ${path}: ${code}`, { cause: error });
  }
  return plotFiles(outcome, path);
}

function plotFiles({ state }: Outcome, folder: string): PlotFiles[] {
  return state.plots.map(({ name }) => ({
    name,
    png: join(folder, `${name}.png`),
    html: join(folder, `${name}.html`),
    spec: join(folder, `${name}.vl.json`),
  }));
}

/** Every artifact of an experiment under the name of its file. */
export function entriesOf({ state, events }: Outcome): Entry[] {
  const entries: Entry[] = [];
  const add = (path: string, { digest }: Descriptor) => entries.push({ path, digest });
  if (state.dataset) {
    for (const split of ['train', 'validation', 'test'] as const) add(`data/${split}.arrow`, state.dataset[split]);
  }
  for (const { event } of events) {
    if (event?.type !== 'model.trained' || !event.data) continue;
    const { model, weights, history } = event.data;
    const name = slug(model.name);
    add(`models/${name}/model.json`, weights.model);
    add(`models/${name}/weights.bin`, weights.weights);
    add(`history/${name}.arrow`, history);
  }
  for (const { name, png, html, spec } of state.plots) {
    // A platform elsewhere is not to choose where we write.
    if (!PLOT_NAME.test(name))
      throw unreachable(`Wrong name ${JSON.stringify(name)} of a plot: expected a-z, 0-9 and -`);
    add(`${name}.png`, png);
    add(`${name}.html`, html);
    add(`${name}.vl.json`, spec);
  }
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function download(records: Records, entries: readonly Entry[], folder: string, signal: AbortSignal) {
  const folders = new Set(entries.map(({ path }) => dirname(join(folder, path))));
  for (const one of folders) await mkdir(one, { recursive: true });
  const rest = entries.values();
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const work = async () => {
    for (const { path, digest } of rest) {
      await writeFile(join(folder, path), await records.artifact(digest, either), { signal: either });
    }
  };
  // All have ended before the folder is removed, lest one writes into it again.
  const ends = await Promise.allSettled(
    Array.from({ length: PARALLEL }, () =>
      work().catch((error: unknown) => {
        failed.abort(error);
        throw error;
      }),
    ),
  );
  signal.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
  return ends;
}

/** What exports left behind that were killed. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /^\..+\.partial-(\d+)(?:-old)?$/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
