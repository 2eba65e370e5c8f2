import { listExperiments, pageQuery, showExperiment } from './experiments.ts';
import { sendPage } from './html.ts';
import { homePage } from './page.ts';
import { defineRoute } from './route.ts';
import { readSearches } from './searches.ts';

/** `GET /`: the web page. */
export const homeRoute = defineRoute({
  method: 'get',
  path: '/',
  operationId: 'getHome',
  summary: 'The web page: all experiments, newest first, the newest in full',
  query: pageQuery,
  answers: { 200: { description: 'The page', content: { 'text/html': 'text' } } },
  async handle({ query, response, deps }) {
    const { experiments, next } = await listExperiments(deps.store, query);
    const isFirst = query.cursor === undefined;
    const [first] = experiments;
    response.set('cache-control', 'no-store');
    const page = homePage({
      experiments,
      next: next?.replace('/experiments', '/'),
      newest: isFirst && first ? await showExperiment(deps.store, first.id) : undefined,
      searches: isFirst ? await readSearches(deps.store) : [],
    });
    sendPage(response, page);
  },
});
