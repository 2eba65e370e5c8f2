import { z } from 'zod';
import { experimentIdSchema } from '../../events/ids.ts';
import { eventFromJson } from '../../events/read.ts';
import type { KnownEvent } from '../../events/registry.ts';
import type { Store } from '../store/port.ts';
import { newestFirst, pageQuery, readRecorded } from './experiments.ts';
import { Problem } from './problem.ts';
import { type IndexEntry, knownEvents, SEARCHES_LOG, TRIALS_LOG } from './record.ts';
import { defineRoute } from './route.ts';
import { artifactPath, type SearchView, type TrialView, trialListSchema, trialSchema } from './views.ts';

export const trialsRoute = defineRoute({
  method: 'get',
  path: '/trials',
  operationId: 'listTrials',
  summary: 'Lists the trials of all searches, newest first, and what was last drawn of each search',
  query: pageQuery,
  answers: { 200: { description: 'One page of the list', content: { 'application/json': trialListSchema } } },
  async handle({ query, response, deps }) {
    const { cursor, limit } = query;
    const { entries, next } = await newestFirst(deps.store, TRIALS_LOG, cursor, limit);
    const trials = await Promise.all(
      entries.map(({ value }) => readTrial(deps.store, (JSON.parse(value) as IndexEntry).id)),
    );
    response.set('cache-control', 'no-store').json({
      trials,
      searches: await readSearches(deps.store),
      ...(next && { next: `/trials?cursor=${next}&limit=${limit}` }),
    });
  },
});

export const trialRoute = defineRoute({
  method: 'get',
  path: '/trials/{name}',
  operationId: 'showTrial',
  summary: 'Shows a trial: what it tried, and what came of it',
  params: z.strictObject({ name: experimentIdSchema }),
  answers: { 200: { description: 'The trial', content: { 'application/json': trialSchema } } },
  problems: [404],
  async handle({ params: { name }, response, deps }) {
    if (!(await deps.store.logs.find(TRIALS_LOG, name))) {
      throw new Problem(404, `No trial ${JSON.stringify(name)}: /trials lists those that there are`);
    }
    response.set('cache-control', 'no-store').json(await readTrial(deps.store, name));
  },
});

async function readTrial(store: Store, name: string): Promise<TrialView> {
  const self = `/trials/${name}`;
  const links = { self, events: `${self}/events`, logs: `${self}/logs` };
  const trial: TrialView = { name, status: 'requested', assignments: {}, links };
  return knownEvents(await readRecorded(store, name)).reduce(applyTrialEvent, trial);
}

/** Takes one event of a trial's log into what is known of it; the first result settles it. */
function applyTrialEvent(trial: TrialView, event: KnownEvent): TrialView {
  if (event.type === 'trial.requested' && event.data) {
    const { experiment, index, assignments, objective } = event.data;
    return {
      ...trial,
      experiment,
      ...(index !== undefined && { index }),
      assignments,
      objective,
      requestedAt: trial.requestedAt ?? String(event.time),
    };
  }
  if (event.type !== 'trial.completed' || !event.data || trial.endedAt !== undefined) return trial;
  return { ...trial, ...event.data, endedAt: String(event.time) };
}

/** The latest `trials.plotted` of each search, that with most trials: they may come in any order. */
export async function readSearches(store: Store): Promise<SearchView[]> {
  const searches = new Map<string, SearchView>();
  for (const { value } of await store.logs.read(SEARCHES_LOG)) {
    const event = eventFromJson(value);
    if (event?.type !== 'trials.plotted' || !event.data) continue;
    const { experiment, trials, plots } = event.data;
    if ((searches.get(experiment)?.trials ?? 0) >= trials) continue;
    searches.set(experiment, {
      experiment,
      trials,
      plots: plots.map((plot) => ({
        ...plot,
        links: {
          png: artifactPath(plot.png.digest),
          html: artifactPath(plot.html.digest),
          spec: artifactPath(plot.spec.digest),
        },
      })),
    });
  }
  return [...searches.values()].reverse();
}
