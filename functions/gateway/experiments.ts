import { z } from 'zod';
import { experimentIdSchema } from '../../events/ids.ts';
import { experimentRequested } from '../../events/registry.ts';
import { applyEvent, type ExperimentState, emptyState } from '../../events/state.ts';
import { LOG, type LogEntry, type Store } from '../store/port.ts';
import { sendPage } from './html.ts';
import { experimentPage, missingPage } from './page.ts';
import { Problem } from './problem.ts';
import { type IndexEntry, knownEvents, nameOf, type Recorded, toRecorded } from './record.ts';
import { defineRoute, queryInteger } from './route.ts';
import { type ExperimentView, experimentSchema, listSchema, type Summary, toSummary, toView } from './views.ts';

export const idParams = z.strictObject({ id: experimentIdSchema });

/** Positions of logs are the cursors: they never change, whatever is appended. */
export const pageQuery = z.strictObject({
  cursor: queryInteger(1, Number.MAX_SAFE_INTEGER).optional().describe('what `next` of the page before says'),
  limit: queryInteger(1, 100).default(20).describe('how many at most'),
});

export const listRoute = defineRoute({
  method: 'get',
  path: '/experiments',
  operationId: 'listExperiments',
  summary: 'Lists experiments, newest first',
  query: pageQuery,
  answers: { 200: { description: 'One page of the list', content: { 'application/json': listSchema } } },
  async handle({ query, response, deps }) {
    response.set('cache-control', 'no-store').json(await listExperiments(deps.store, query));
  },
});

export const showRoute = defineRoute({
  method: 'get',
  path: '/experiments/{id}',
  operationId: 'showExperiment',
  summary: 'Shows all that is known of an experiment; as a page to who prefers HTML',
  params: idParams,
  answers: {
    200: {
      description: 'The experiment, folded from its log',
      content: { 'application/json': experimentSchema, 'text/html': 'text' },
    },
  },
  problems: [404],
  async handle({ params: { id }, request, response, deps }) {
    response.set({ 'cache-control': 'no-store', vary: 'accept' });
    const isPage = request.accepts(['application/json', 'text/html']) === 'text/html';
    if (isPage && (await deps.store.logs.read(LOG.events(id), 0, 1)).length === 0) {
      return sendPage(response, missingPage(id), 404);
    }
    const { view, events } = await showExperiment(deps.store, id);
    if (!isPage) {
      response.json(view);
      return;
    }
    const isLive = view.status === 'requested' || view.status === 'running';
    const line = isLive ? (await deps.store.logs.read(LOG.lines(id))).at(-1)?.value : undefined;
    sendPage(response, experimentPage(view, events, line));
  },
});

/** One page of the experiments, newest first. */
export async function listExperiments(
  store: Store,
  { cursor, limit }: z.output<typeof pageQuery>,
): Promise<{ experiments: Summary[]; next?: string }> {
  const { entries, next } = await newestFirst(store, LOG.experiments, cursor, limit);
  const found = await Promise.all(
    entries.map(async ({ value }) => {
      const { id } = JSON.parse(value) as IndexEntry;
      const events = await readRecorded(store, id);
      // Its own log is written before the list: what is gone has expired.
      return events.length === 0 ? [] : [toSummary(foldRecorded(id, events))];
    }),
  );
  return { experiments: found.flat(), ...(next && { next: `/experiments?cursor=${next}&limit=${limit}` }) };
}

/** @throws Problem 404 for an experiment that nobody asked for */
export async function showExperiment(
  store: Store,
  id: string,
): Promise<{ view: ExperimentView; events: readonly Recorded[] }> {
  const events = (await readRecorded(store, id)).filter(({ type }) => !/^(?:trials?|search)\./.test(type));
  if (events.length === 0) throw unknownExperiment(id);
  return { view: toView(foldRecorded(id, events)), events };
}

export function unknownExperiment(id: string): Problem {
  return new Problem(404, `No experiment ${JSON.stringify(id)}: /experiments lists those that there are`);
}

/** Everything that is recorded of an experiment, in order. */
export async function readRecorded(store: Store, id: string, after = 0): Promise<Recorded[]> {
  return (await store.logs.read(LOG.events(id), after)).map(toRecorded);
}

/** What is known of an experiment; a request that is no valid spec has a name and a time all the same. */
function foldRecorded(id: string, events: readonly Recorded[]): ExperimentState {
  const state = knownEvents(events).reduce(applyEvent, emptyState(id));
  const request = events.find(({ type }) => type === experimentRequested.type);
  if (!request) return state;
  const name = state.name === id ? (nameOf(JSON.parse(request.json)) ?? id) : state.name;
  const requestedAt = state.requestedAt ?? request.time;
  return { ...state, name, ...(requestedAt !== undefined && { requestedAt }) };
}

/** Entries of a log before a position, the last one first; reads no more of the log than it needs. */
export async function newestFirst(
  { logs }: Store,
  log: string,
  before: number | undefined,
  limit: number,
): Promise<{ entries: LogEntry[]; next?: number }> {
  const end = before ?? (await lengthOf({ logs }, log)) + 1;
  const from = Math.max(0, end - 1 - limit);
  const entries = (await logs.read(log, from, end - 1 - from)).reverse();
  return { entries, ...(from > 0 && { next: from + 1 }) };
}

/** How many entries a log has: positions have no gaps, so a search by halves finds the last. */
async function lengthOf({ logs }: Pick<Store, 'logs'>, log: string): Promise<number> {
  const has = async (position: number) => (await logs.read(log, position - 1, 1)).length > 0;
  let high = 1;
  while (await has(high)) high *= 2;
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await has(middle)) low = middle;
    else high = middle;
  }
  return low;
}
