import type { Chart } from '../plots/theme.ts';
import { historyChart } from './charts/history.ts';
import { importanceChart } from './charts/importance.ts';
import { leaderboardChart } from './charts/leaderboard.ts';
import { parallelCoordinatesChart } from './charts/parallel-coordinates.ts';
import type { Search } from './search.ts';

/** Every chart of a search that there is something to show in; the history always is there. */
export function chartsOf(search: Search): Chart[] {
  const charts = [historyChart, leaderboardChart, parallelCoordinatesChart, importanceChart];
  return charts.flatMap((chart) => chart(search) ?? []);
}
