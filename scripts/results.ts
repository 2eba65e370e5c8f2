import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Descriptor } from '../events/descriptor.ts';
import { slug } from '../events/spec.ts';
import { unreachable } from '../functions/client/http.ts';
import type { Records } from '../functions/client/logged.ts';
import { whyUnwritable } from '../knative/local/lock.ts';
import type { Outcome } from './experiment.ts';
import { documentOf, type PlotFiles } from './report.ts';
import { type ResultsFolder, SUMMARY } from './results-folder.ts';

const PARALLEL = 6;
const PLOT_NAME = /^[a-z0-9-]{1,64}$/;

/** A file of the results folder and the artifact that it is a copy of. */
interface Entry {
  readonly path: string;
  readonly digest: string;
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
  folder: ResultsFolder,
  signal: AbortSignal,
): Promise<PlotFiles[]> {
  try {
    await download(records, entriesOf(outcome), folder.draft, signal);
    const summary = documentOf(outcome.state, plotFiles(outcome, ''));
    await writeFile(join(folder.draft, SUMMARY), `${JSON.stringify(summary, null, 2)}\n`);
    signal.throwIfAborted();
    await folder.publish();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw unreachable(`Cannot write the results to ${folder.path}: ${whyUnwritable(error)}`, { cause: error });
  }
  return plotFiles(outcome, folder.path);
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
