import { z } from 'zod';
import { experimentIdSchema } from '../../events/ids.ts';
import { eventFromJson } from '../../events/read.ts';
import type { KnownEvent } from '../../events/registry.ts';
import { LOG, type Store } from '../store/port.ts';
import { Problem } from './problem.ts';
import type { IndexEntry } from './record.ts';
import { defineRoute } from './route.ts';
import { answerEvents, EVENTS } from './stream.ts';
import { artifactPath, type SearchView, searchLinksOf, searchSchema } from './views.ts';

const searchParams = z.strictObject({ name: experimentIdSchema });

export const searchRoute = defineRoute({
  method: 'get',
  path: '/searches/{name}',
  operationId: 'showSearch',
  summary: 'Shows a search: how many trials there are, the best one, and what was last drawn',
  params: searchParams,
  answers: { 200: { description: 'The search', content: { 'application/json': searchSchema } } },
  problems: [404],
  async handle({ params: { name }, response, deps }) {
    const view = await readSearch(deps.store, name);
    if (!view) throw unknownSearch(name);
    response.set('cache-control', 'no-store').json(view);
  },
});

export const searchEventsRoute = defineRoute({
  method: 'get',
  path: '/searches/{name}/events',
  operationId: 'followSearch',
  summary:
    'Follows the events of a search and of all its trials, as those of an experiment are followed; it has no end',
  params: searchParams,
  ...EVENTS,
  problems: [404],
  handle: (exchange) => {
    const { name } = exchange.params;
    return answerEvents(exchange, { log: LOG.search(name), isLast: () => false }, () => unknownSearch(name));
  },
});

/** All searches, newest first. */
export async function readSearches(store: Store): Promise<SearchView[]> {
  const entries = await store.logs.read(LOG.searches);
  const views = await Promise.all(entries.map(({ value }) => readSearch(store, (JSON.parse(value) as IndexEntry).id)));
  return views.filter((view) => view !== undefined).reverse();
}

async function readSearch(store: Store, name: string): Promise<SearchView | undefined> {
  const entries = await store.logs.read(LOG.search(name));
  if (entries.length === 0) return undefined;
  const events = entries.map(({ value }) => eventFromJson(value)).filter((event) => event !== undefined);
  const view: SearchView = {
    experiment: name,
    trials: 0,
    completed: 0,
    plots: [],
    links: searchLinksOf(name),
  };
  const trials = new Set<string>();
  const completed = new Set<string>();
  let drawn = 0;
  for (const event of events) {
    if (event.type === 'trials.plotted' && event.data && event.data.trials > drawn) {
      drawn = event.data.trials;
      view.plots = plotsOf(event.data);
    }
    if (!event.type.startsWith('trial.') || event.subject === undefined) continue;
    trials.add(event.subject);
    if (event.type !== 'trial.completed' || completed.has(event.subject)) continue;
    completed.add(event.subject);
    view.best = better(view.best, event.subject, event.data);
  }
  return { ...view, trials: trials.size, completed: completed.size };
}

type Completion = Extract<KnownEvent, { type: 'trial.completed' }>['data'];

/** The better one of the best so far and a trial that has just been completed; the earlier one of two equals. */
function better(best: SearchView['best'], trial: string, data: Completion): SearchView['best'] {
  if (!data || data.status === 'failed') return best;
  const { objective, assignments } = data;
  const sign = objective.type === 'maximize' ? 1 : -1;
  return !best || sign * objective.value > sign * best.objective.value ? { trial, objective, assignments } : best;
}

function plotsOf({ plots }: NonNullable<Extract<KnownEvent, { type: 'trials.plotted' }>['data']>): SearchView['plots'] {
  return plots.map((plot) => ({
    ...plot,
    links: {
      png: artifactPath(plot.png.digest),
      html: artifactPath(plot.html.digest),
      spec: artifactPath(plot.spec.digest),
    },
  }));
}

function unknownSearch(name: string): Problem {
  return new Problem(404, `No search ${JSON.stringify(name)}: /trials lists those that there are`);
}
