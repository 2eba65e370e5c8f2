import { join } from 'node:path';
import { makeClient } from '../../functions/client/client.ts';
import type { Records } from '../../functions/client/logged.ts';
import { makeSearchClient, type SearchClient } from '../../functions/client/searches.ts';
import { loadPlan } from '../../katib/local/experiment-plan.ts';
import type { Plan } from '../../katib/local/plan.ts';
import { documentOf } from '../../katib/local/result.ts';
import { type TuneResult, tune } from '../../katib/local/tune.ts';
import { lockFolder, TUNER } from '../../knative/local/lock.ts';
import { DATA } from '../commands/common.ts';
import type { Leave } from '../commands/run.ts';
import type { TuneOptions } from '../commands/tune.ts';
import { EXIT, usageError } from '../exit.ts';
import { joinLocal } from '../local.ts';
import { openFolder, openOut } from '../results-folder.ts';
import { parseUrl } from '../url.ts';
import { awaitPlots, exportSearch } from './plots.ts';
import { makeTrialProgress } from './progress.ts';
import { formatSearch } from './report.ts';

const NAME = /^[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?$/;

/** Runs a search, keeps its plots and tells of it on stdout; sets the exit code if it failed. */
export async function runSearch(file: string, options: TuneOptions, signal: AbortSignal, leave: Leave): Promise<void> {
  const plan = await loadPlan(file, nameOf(options));
  await using out = options.out === undefined ? undefined : await openOut(options.out);
  const data = options.store ?? DATA;
  await using stack = new AsyncDisposableStack();
  const { search, records } = await platformOf(options, data, stack);
  signal.throwIfAborted();
  leave(`"xorflow tune" goes on with ${plan.name} where it was`);
  const result = await follow(plan, search, signal);
  leave(undefined);
  const plots = await awaitPlots(plan.name, search, signal);
  await using folder = out ?? (await openFolder(join(data, 'results', plan.name)));
  const files = await exportSearch(documentOf(plan, result), plots, records, folder, signal);
  const document = { ...documentOf(plan, result), plots: files };
  process.stdout.write(options.json ? `${JSON.stringify(document)}\n` : formatSearch(plan, result, files, folder.path));
  if (result.status === 'Failed') process.exitCode = EXIT.failed;
}

function nameOf({ name }: TuneOptions): string | undefined {
  if (name === undefined || NAME.test(name)) return name;
  const rule = 'expected 1 to 40 lower-case letters, digits or "-", beginning with a letter and not ending with "-"';
  throw usageError(`Wrong value ${JSON.stringify(name)} at --name: ${rule}`);
}

/** The platform of `--to`, else that of the data folder, which no other tuner has then. */
async function platformOf(
  { to }: TuneOptions,
  data: string,
  stack: AsyncDisposableStack,
): Promise<{ search: SearchClient; records: Pick<Records, 'artifact'> }> {
  if (to !== undefined) {
    const url = parseUrl(to);
    return { search: makeSearchClient(url), records: makeClient(url) };
  }
  const lock = await lockFolder(data, TUNER);
  stack.defer(() => lock.release());
  const local = stack.use(await joinLocal(data));
  return { search: makeSearchClient(local.url), records: local.client };
}

async function follow(plan: Plan, client: SearchClient, signal: AbortSignal): Promise<TuneResult> {
  using progress = makeTrialProgress(plan, process.stderr);
  return await tune(plan, client, { signal, onStart: progress.start, onTrial: progress.trial });
}
