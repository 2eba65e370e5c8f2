import type { Request } from 'express';
import { z } from 'zod';
import { readEnvelope } from '../../events/envelope.ts';
import type { Deps } from '../host/function.ts';
import { readBody } from './body.ts';
import { Problem } from './problem.ts';
import { defineRoute, type Route } from './route.ts';
import { forward, STRUCTURED_TYPE } from './submit.ts';

const params = z.object({ namespace: z.string(), broker: z.string() });
const allow = 'POST, OPTIONS';

/** `POST /{namespace}/{broker}`: the path of a Knative broker's ingress, with its statuses, so that `K_SINK` may point here. */
export const ingressRoutes: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/{namespace}/{broker}',
    operationId: 'postEvent',
    summary: 'Gives any CloudEvent, in binary or structured mode, to the broker of this name',
    params,
    body: { [STRUCTURED_TYPE]: 'bytes', '*/*': 'bytes' },
    answers: { 202: { description: 'The broker has taken the event; the body is empty' } },
    problems: [404, 413],
    exists: isBroker,
    async handle({ request, response, deps }) {
      const envelope = readEnvelope(request.headers, await readBody(request, response));
      const hops = Number.parseInt(envelope.attributes.knativebrokerttl ?? '255', 10);
      if (hops <= 1)
        throw new Problem(400, `Wrong value "${hops}" at ce-knativebrokerttl: expected at least 2, or none`);
      await forward(envelope, deps);
      response.status(202).set('allow', allow).end();
    },
  }),
  defineRoute({
    method: 'options',
    path: '/{namespace}/{broker}',
    operationId: 'askForWebhook',
    summary: 'Allows anybody to deliver events, at any rate (CloudEvents webhook validation)',
    params,
    answers: { 200: { description: 'Deliveries are welcome' } },
    problems: [404],
    exists: isBroker,
    handle({ response }) {
      response
        .status(200)
        .set({ allow, 'webhook-allowed-origin': '*', 'webhook-allowed-rate': '*', 'content-length': '0' })
        .end();
    },
  }),
];

/** Whether the path names the broker that `K_SINK` leads to. */
function isBroker({ params: { namespace, broker }, url }: Request, { env }: Deps): boolean {
  // As at the ingress, a query counts as part of the name.
  if (!env.K_SINK || !URL.canParse(env.K_SINK) || url.includes('?')) return false;
  const { hostname, pathname } = new URL(env.K_SINK);
  // RabbitMQ gives each broker a service of its own: its name is in the host, and the path is empty.
  const own = /^(.+)-broker-ingress\.([^.]+)\.svc/.exec(hostname);
  const path = pathname === '/' && own ? `/${own[2]}/${own[1]}` : pathname.replace(/\/$/, '');
  return path === `/${String(namespace)}/${String(broker)}`;
}
