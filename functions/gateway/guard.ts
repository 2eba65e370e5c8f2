import { isIP } from 'node:net';
import type { RequestHandler } from 'express';
import { quoteValue } from '../../events/issues.ts';
import { Problem, sendProblem } from './problem.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Refuses requests under a name that is not ours: a web page whose own name has been pointed at this machine (DNS
 * rebinding) could read everything otherwise. On a cluster, names are the ingress's business.
 */
export function guardHost(env: Env): RequestHandler {
  const named = new Set(
    (env.XORFLOW_HOSTS ?? '')
      .toLowerCase()
      .split(/[\s,]+/)
      .filter(Boolean),
  );
  const isCluster = Boolean(env.KUBERNETES_SERVICE_HOST);
  return (request, response, next) => {
    const host = nameOf(request.headers.host ?? '');
    if (isCluster || isOurs(host) || named.has(host)) return next();
    sendProblem(
      request,
      response,
      new Problem(
        403,
        `Wrong value ${quoteValue(host)} at host: expected localhost, an address, or a name in XORFLOW_HOSTS`,
      ),
    );
  };
}

function isOurs(host: string): boolean {
  // An address cannot be rebound, and nobody can register a name without a dot or one in .localhost or .svc.
  return host === '' || isIP(host) > 0 || !host.includes('.') || /\.(localhost|svc|svc\.cluster\.local)$/.test(host);
}

function nameOf(host: string): string {
  return host
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}
