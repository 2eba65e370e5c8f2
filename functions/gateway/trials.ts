import { z } from 'zod';
import { experimentIdSchema } from '../../events/ids.ts';
import { type KnownEvent, trialCompleted } from '../../events/registry.ts';
import { LOG, type Store } from '../store/port.ts';
import { newestFirst, pageQuery, readRecorded } from './experiments.ts';
import { Problem } from './problem.ts';
import { type IndexEntry, isTerminal, knownEvents } from './record.ts';
import { defineRoute } from './route.ts';
import { readSearches } from './searches.ts';
import { answerEvents, answerLines, EVENTS, type FollowedLines, LINES } from './stream.ts';
import { type TrialView, trialLinksOf, trialListSchema, trialSchema } from './views.ts';

export const trialParams = z.strictObject({ name: experimentIdSchema });

export const trialsRoute = defineRoute({
  method: 'get',
  path: '/trials',
  operationId: 'listTrials',
  summary: 'Lists the trials of all searches, newest first, and what was last drawn of each search',
  query: pageQuery,
  answers: { 200: { description: 'One page of the list', content: { 'application/json': trialListSchema } } },
  async handle({ query, response, deps }) {
    const { cursor, limit } = query;
    const { entries, next } = await newestFirst(deps.store, LOG.trials, cursor, limit);
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
  params: trialParams,
  answers: { 200: { description: 'The trial', content: { 'application/json': trialSchema } } },
  problems: [404],
  async handle({ params: { name }, response, deps }) {
    await assertTrial(deps.store, name);
    response.set('cache-control', 'no-store').json(await readTrial(deps.store, name));
  },
});

async function readTrial(store: Store, name: string): Promise<TrialView> {
  const trial: TrialView = { name, status: 'requested', assignments: {}, links: trialLinksOf(name) };
  return knownEvents(await readRecorded(store, name)).reduce(applyTrialEvent, trial);
}

/** @throws Problem 404 for a trial that nobody asked for */
export async function assertTrial({ logs }: Store, name: string): Promise<void> {
  if (!(await logs.find(LOG.trials, name))) throw unknownTrial(name);
}

function unknownTrial(name: string): Problem {
  return new Problem(404, `No trial ${JSON.stringify(name)}: /trials lists those that there are`);
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
  if (trial.endedAt !== undefined || !event.data) return trial;
  if (event.type === 'experiment.failed') {
    return { ...trial, status: 'failed', reason: event.data.reason, endedAt: String(event.time) };
  }
  if (event.type !== 'trial.completed') return trial;
  return { ...trial, ...event.data, endedAt: String(event.time) };
}

/** What is followed of a trial; it is over with its first result, or when it was refused. */
function followed(name: string): FollowedLines {
  const isLast = (type: string) => type === trialCompleted.type || isTerminal(type);
  return { log: LOG.events(name), lines: LOG.lines(name), isLast };
}

export const trialEventsRoute = defineRoute({
  method: 'get',
  path: '/trials/{name}/events',
  operationId: 'followTrial',
  summary: 'Follows the events of a trial, as those of an experiment are followed, until it is over',
  params: trialParams,
  ...EVENTS,
  problems: [404],
  handle: (exchange) => {
    const { name } = exchange.params;
    return answerEvents(exchange, followed(name), () => unknownTrial(name));
  },
});

export const trialLogsRoute = defineRoute({
  method: 'get',
  path: '/trials/{name}/logs',
  operationId: 'followTrialLogs',
  summary: 'Follows the metric lines of a trial as text, until it is over',
  params: trialParams,
  ...LINES,
  problems: [404],
  handle: (exchange) => {
    const { name } = exchange.params;
    return answerLines(exchange, followed(name), () => unknownTrial(name));
  },
});
