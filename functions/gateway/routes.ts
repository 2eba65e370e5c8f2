import { documentRoutes } from './documents.ts';
import { listRoute, showRoute } from './experiments.ts';
import { artifactRoute, modelRoute, plotRoute, weightsRoute } from './files.ts';
import { eventsRoute, logsRoute } from './follow.ts';
import { homeRoute } from './home.ts';
import { ingressRoutes } from './ingress.ts';
import type { Route } from './route.ts';
import { submitRoute } from './submit.ts';
import { trialRoute, trialsRoute } from './trials.ts';

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
  trialRoute,
  ...documentRoutes(() => ROUTES),
  ...ingressRoutes,
];
