import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plot } from '../../events/parts.ts';
import type { KnownEvent } from '../../events/registry.ts';
import type { Records } from '../../functions/client/logged.ts';
import type { SearchClient } from '../../functions/client/searches.ts';
import type { TuneDocument } from '../../katib/local/result.ts';
import type { PlotFiles } from '../report.ts';
import { type ResultsFolder, SUMMARY } from '../results-folder.ts';

/** How long the drawing of a search is waited for after its last trial, in milliseconds. */
const PATIENCE_MS = 60_000;

/** The plots that show all trials of a search; none where nobody draws them in time. */
export async function awaitPlots(search: string, client: SearchClient, signal: AbortSignal): Promise<readonly Plot[]> {
  const completed = new Set<string>();
  let known: { readonly trials: number; readonly plots: readonly Plot[] } | undefined;
  const take = (event: KnownEvent | undefined) => {
    if (event?.type === 'trial.completed' && event.subject !== undefined) completed.add(event.subject);
    if (event?.type === 'trials.plotted' && event.data && event.data.trials >= (known?.trials ?? 0)) known = event.data;
  };
  const recorded = await client.events(search, signal);
  for (const { event } of recorded) take(event);
  const isWhole = () => known !== undefined && known.trials >= completed.size;
  if (completed.size === 0 || isWhole()) return known?.plots ?? [];
  const late = AbortSignal.timeout(PATIENCE_MS);
  try {
    for await (const { event } of client.follow(
      search,
      recorded.at(-1)?.position ?? 0,
      AbortSignal.any([signal, late]),
    )) {
      take(event);
      if (isWhole()) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!late.aborted) throw error;
    process.stderr.write(`The plots of ${search} did not come within ${PATIENCE_MS / 1000} s\n`);
  }
  return known?.plots ?? [];
}

/** Writes plots and a summary into a folder, which appears whole or not at all. */
export async function exportSearch(
  document: TuneDocument,
  plots: readonly Plot[],
  records: Pick<Records, 'artifact'>,
  folder: ResultsFolder,
  signal: AbortSignal,
): Promise<PlotFiles[]> {
  await mkdir(folder.draft, { recursive: true });
  const forms = { png: 'png', html: 'html', spec: 'vl.json' } as const;
  const files = plots.flatMap((plot) =>
    Object.entries(forms).map(([form, ending]) => ({
      path: join(folder.draft, `${plot.name}.${ending}`),
      digest: plot[form as keyof typeof forms].digest,
    })),
  );
  await Promise.all(files.map(async ({ path, digest }) => writeFile(path, await records.artifact(digest, signal))));
  await writeFile(join(folder.draft, SUMMARY), `${JSON.stringify(document, null, 2)}\n`);
  signal.throwIfAborted();
  await folder.publish();
  const at = (name: string, ending: string) => join(folder.path, `${name}.${ending}`);
  return plots.map(({ name }) => ({
    name,
    png: at(name, forms.png),
    html: at(name, forms.html),
    spec: at(name, forms.spec),
  }));
}
