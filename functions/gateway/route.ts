import { type IRouter, type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { toError } from '../../events/errors.ts';
import { sentenceOf } from '../../events/issues.ts';
import type { Deps } from '../host/function.ts';
import { Problem, problemOf, sendProblem } from './problem.ts';

/** One answer of a route; content by media type, `bytes` where it is no JSON. */
export interface Answer {
  readonly description: string;
  readonly content?: Readonly<Record<string, z.ZodType | 'bytes' | 'text'>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Exchange<P extends z.ZodObject = z.ZodObject, Q extends z.ZodObject = z.ZodObject> {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly request: Request;
  readonly response: Response;
  readonly deps: Deps;
}

/** One operation of the API: what the router, the validation and the OpenAPI document are all made from. */
export interface Route<P extends z.ZodObject = z.ZodObject, Q extends z.ZodObject = z.ZodObject> {
  readonly method: 'get' | 'post' | 'delete' | 'options';
  /** An OpenAPI template: `/experiments/{id}`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly params: P;
  readonly query: Q;
  /** Request headers with a meaning of their own, and what it is. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, z.ZodType | 'bytes'>>;
  readonly answers: Readonly<Record<number, Answer>>;
  /** The statuses of the problem documents that it may be answered with, beside 400, 500 and 503. */
  readonly problems?: readonly number[];
  /** Where a path stands for something only sometimes; otherwise it is unknown. */
  exists?(request: Request, deps: Deps): boolean;
  handle(exchange: Exchange<P, Q>): Promise<void> | void;
}

const none = z.strictObject({});
type None = typeof none;

type RouteInput<P extends z.ZodObject, Q extends z.ZodObject> = Omit<Route<P, Q>, 'params' | 'query'> & {
  params?: P;
  query?: Q;
};

/** Declares a route; parameters that it does not name are refused. */
export function defineRoute<P extends z.ZodObject = None, Q extends z.ZodObject = None>(
  route: RouteInput<P, Q>,
): Route {
  return { params: none, query: none, ...route } as unknown as Route;
}

/** A whole number in a query. */
export function queryInteger(min: number, max: number) {
  const error = `expected an integer from ${min} to ${max}`;
  return z.preprocess(
    (value) => (typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value),
    z.int({ error }).min(min, { error }).max(max, { error }),
  );
}

/** Mounts the routes; every other path is 404, every other method 405, and every failure a problem document. */
export function mountRoutes(router: IRouter, deps: Deps, routes: readonly Route[]): void {
  const api = Router();
  for (const [path, group] of Map.groupBy(routes, (route) => route.path)) {
    const methods = group.map(({ method }) => method.toUpperCase());
    const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), ...(path === '/' ? ['POST'] : [])];
    const exists = (request: Request) => group.every((route) => route.exists?.(request, deps) ?? true);
    const at = api.route(path.replace(/\{(\w+)\}/g, ':$1'));
    at.all((request, _response, next) => next(exists(request) ? undefined : 'route'));
    for (const route of group) {
      // Made once: making a schema takes longer than most requests.
      const schema = z.object({ path: route.params, query: route.query });
      at[route.method]((request, response) => run(route, schema, request, response, deps));
    }
    at.all((request, response) => refuseMethod(request, response, allow.join(', ')));
  }
  api.use((request) => {
    throw new Problem(404, `Nothing at ${JSON.stringify(request.path)}: /openapi.json lists what there is`);
  });
  api.use((error: unknown, request: Request, response: Response, _next: unknown) => {
    const problem = problemOf(error);
    if (problem.status === 500) deps.log.error({ err: toError(error), url: request.url }, 'request failed');
    sendProblem(request, response, problem);
  });
  router.use(api);
}

async function run(
  route: Route,
  schema: z.ZodObject<{ path: z.ZodObject; query: z.ZodObject }>,
  request: Request,
  response: Response,
  deps: Deps,
): Promise<void> {
  const given = { path: request.params, query: request.query };
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw new Problem(400, sentenceOf(parsed.error, given, schema));
  await route.handle({ params: parsed.data.path, query: parsed.data.query, request, response, deps });
}

function refuseMethod(request: Request, response: Response, allow: string): void {
  if (request.method === 'OPTIONS') {
    response.status(204).set('allow', allow).end();
    return;
  }
  throw new Problem(405, `Wrong method ${request.method} at ${request.path}: expected ${allow}`, {
    headers: { allow },
  });
}
