import { bestOf } from '../../katib/local/ends.ts';
import type { JudgedTrial } from '../../katib/local/judge.ts';
import type { Plan } from '../../katib/local/plan.ts';
import type { TuneResult } from '../../katib/local/tune.ts';
import type { PlotFiles } from '../report.ts';
import { type Column, formatDuration, formatTable, printable } from '../table.ts';

/** How many trials the table has. */
const SHOWN = 10;

/** What became of a search, for people: the best trials, and where the plots are. */
export function formatSearch(plan: Plan, result: TuneResult, plots: readonly PlotFiles[], folder: string): string {
  const { trials, status, reason, recorded, durationMs } = result;
  const { objective } = plan;
  const best = bestOf(trials, objective);
  const counts = [...Map.groupBy(trials, (trial) => trial.status)].map(([name, all]) => `${all.length} ${name}`);
  const run = trials.length - recorded;
  const speed =
    run > 0 && durationMs > 0
      ? `${run} run in ${formatDuration(durationMs)}, ${((1000 * run) / durationMs).toPrecision(3)} per second`
      : 'all of them on record';
  const sign = objective.type === 'maximize' ? -1 : 1;
  const ranked = trials
    .filter(({ value }) => value !== undefined)
    .sort((a, b) => sign * ((a.value ?? 0) - (b.value ?? 0)) || a.index - b.index)
    .slice(0, SHOWN);
  const width = Math.max(0, ...plots.map(({ name }) => name.length));
  const files = plots.map(({ name, png }) => `  ${printable(name).padEnd(width)}  ${png}`).join('\n');
  const failed = trials.find((trial) => trial.status === 'Failed' || trial.status === 'MetricsUnavailable');
  return [
    `\nSearch ${plan.name}: ${status} (${reason})\n`,
    `${trials.length} trials: ${counts.join(', ')}; ${speed}\n`,
    ...(ranked.length > 0 ? [`\n${formatTable(columnsOf(plan, trials), ranked)}`] : []),
    ...(failed ? [`\nThe first that failed, ${failed.name}: ${printable(failed.reason ?? failed.status)}\n`] : []),
    ...(plots.length > 0 ? [`\nPlots, each also as .html and .vl.json:\n${files}\n`] : []),
    `\nAll trials: ${folder}/summary.json\n`,
    ...(best ? [`As an experiment, with the test points: xorflow run --from-trial ${best.name}\n`] : []),
  ].join('');
}

function columnsOf({ strategies, search }: Plan, trials: readonly JudgedTrial[]): Column<JudgedTrial>[] {
  const columns: Column<JudgedTrial>[] = [
    { title: 'Trial', text: ({ name }) => name },
    { title: 'Status', text: ({ status }) => status },
    ...strategies.map(
      ({ name }): Column<JudgedTrial> => ({
        title: name,
        align: 'right',
        text: ({ metrics }) => (metrics[name] === undefined ? '–' : String(Number(metrics[name].toPrecision(5)))),
      }),
    ),
    ...search.parameters.map(
      ({ name }): Column<JudgedTrial> => ({
        title: name,
        align: 'right',
        text: ({ assignments }) => short(assignments[name] ?? ''),
      }),
    ),
  ];
  return columns.filter(({ text }) => trials.some((trial) => text(trial) !== '–'));
}

/** Numbers to four digits: the rest is in the summary. */
function short(text: string): string {
  const value = Number(text);
  return text !== '' && Number.isFinite(value) && text.length > 8 ? String(Number(value.toPrecision(4))) : text;
}
