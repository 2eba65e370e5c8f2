import type { FunctionDefinition } from '../host/function.ts';
import { main } from '../host/main.ts';
import { guardHost } from './guard.ts';
import { handle } from './handler.ts';
import { mountRoutes } from './route.ts';
import { ROUTES } from './routes.ts';

export const definition: FunctionDefinition = {
  name: 'gateway',
  accepts: 'all',
  emitsMany: false,
  handle,
  routes(router, deps) {
    router.use(guardHost(deps.env));
    mountRoutes(router, deps, ROUTES);
  },
};

if (import.meta.main) await main(definition);
