import { documentRoutes } from './documents.ts';
import { listRoute, showRoute } from './experiments.ts';
import { artifactRoute, modelRoute, plotRoute, weightsRoute } from './files.ts';
import { eventsRoute, logsRoute } from './follow.ts';
import { homeRoute } from './home.ts';
import { ingressRoutes } from './ingress.ts';
import type { Route } from './route.ts';
import { searchEventsRoute, searchRoute } from './searches.ts';
import { submitRoute } from './submit.ts';
import { cancelTrialRoute, requestTrialRoute, startSearchRoute } from './trial-requests.ts';
import { trialEventsRoute, trialLogsRoute, trialRoute, trialsRoute } from './trials.ts';

/** The whole HTTP API. The broker's path comes last, since it looks like many others. */
export const ROUTES: readonly Route[] = [
  homeRoute,
  submitRoute,
  listRoute,
  showRoute,
  eventsRoute,
  logsRoute,
  modelRoute,
  weightsRoute,
  plotRoute,
  artifactRoute,
  trialsRoute,
  requestTrialRoute,
  trialRoute,
  cancelTrialRoute,
  trialEventsRoute,
  trialLogsRoute,
  startSearchRoute,
  searchRoute,
  searchEventsRoute,
  ...documentRoutes(() => ROUTES),
  ...ingressRoutes,
];
