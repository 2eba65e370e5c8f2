import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { HttpMethod, IsomorphicFetchHttpLibrary, KubeConfig, RequestContext } from '@kubernetes/client-node';
import { RejectedError, toError, XorflowError } from '../../events/errors.ts';
import { causeOf, Dropped, drop, isRecord } from '../../functions/client/http.ts';

/** What is read of the pods of a namespace, as a Role would allow it. */
export interface Reading {
  readonly verb: 'list' | 'watch' | 'get';
  readonly resource: 'pods' | 'pods/log';
  /** `/api/v1/namespaces/<namespace>/pods…` */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** The API of the cluster that this process runs in, or that its kubeconfig leads to. */
export interface Cluster {
  readonly server: string;
  /** Of this process; undefined where its configuration names none. */
  readonly namespace: string | undefined;
  /**
   * Begins to read.
   *
   * @throws Dropped where another attempt may succeed
   * @throws XorflowError `NOT_FOUND`; `CLUSTER_REFUSED` naming the right that is missing
   */
  read(reading: Reading, signal: AbortSignal): Promise<Readable>;
}

/** Where Kubernetes puts the token of a pod. */
const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';
const NEEDED = 'expected a Role with list and watch of pods, and get of pods/log';

/** @throws XorflowError `CLUSTER_REFUSED` where there is no configuration, or one that cannot be read */
export function openCluster(): Cluster {
  const config = loadConfig();
  const server = (config.getCurrentCluster()?.server ?? '').replace(/\/+$/, '');
  const library = new IsomorphicFetchHttpLibrary();
  let dispatcher: ReturnType<RequestContext['getDispatcher']>;
  return {
    server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    async read(reading, signal) {
      const url = new URL(`${server}${reading.path}?${new URLSearchParams(reading.query)}`);
      const request = new RequestContext(url.href, HttpMethod.GET);
      await config.applySecurityAuthentication(request).catch((cause: unknown) => {
        throw refused(`Cannot use the credentials for ${server}: ${causeOf(cause)}`);
      });
      // One pool of connections: the library makes another one for every request.
      dispatcher ??= request.getDispatcher();
      if (dispatcher) request.setDispatcher(dispatcher);
      request.setSignal(signal);
      const { httpStatusCode: status, body } = await library
        .send(request)
        .toPromise()
        .catch((error: unknown) => {
          signal.throwIfAborted();
          return drop(error);
        });
      const stream = body.stream();
      if (status === 200) return stream ? Readable.fromWeb(stream) : Readable.from([]);
      throw refusalOf(status, await body.text().catch(drop), reading, server);
    },
  };
}

function loadConfig(): KubeConfig {
  const { KUBECONFIG, HOME } = process.env;
  if (!KUBECONFIG && !existsSync(TOKEN) && !existsSync(join(HOME ?? homedir(), '.kube', 'config'))) {
    throw refused('No cluster to read the logs of pods in: expected the token of a ServiceAccount, or KUBECONFIG');
  }
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (cause) {
    throw refused(`Cannot read the kubeconfig ${KUBECONFIG ?? 'of this user'}: ${toError(cause).message}`);
  }
  if (config.getCurrentCluster()) return config;
  throw refused(`No cluster in the kubeconfig ${KUBECONFIG ?? 'of this user'}: expected a current context with one`);
}

function refusalOf(status: number, text: string, { verb, resource, path }: Reading, server: string): Error {
  const why = messageOf(text) ?? `it answers ${status}`;
  if (status === 404) return new RejectedError('NOT_FOUND', `Nothing at ${server}${path}: ${why}`);
  if (status === 401) return refused(`The credentials for ${server} are not accepted: ${why}`);
  if (status === 403) {
    const user = /User "([^"]+)"/.exec(why)?.[1] ?? 'this pod';
    const [, namespace] = /\/namespaces\/([^/]+)\//.exec(path) ?? [];
    return refused(`Forbidden: ${user} may not ${verb} ${resource} in namespace ${namespace}: ${NEEDED}`);
  }
  // 400 of a log: its container has not started; 410 of a watch: it has to begin anew.
  if ([400, 409, 410, 429].includes(status) || status >= 500) return new Dropped(why);
  return refused(`The cluster at ${server} refuses to ${verb} ${resource} with ${status}: ${why}`);
}

/** What a `Status` of Kubernetes says. */
function messageOf(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && typeof value.message === 'string' ? value.message : undefined;
  } catch {
    return undefined;
  }
}

function refused(message: string): XorflowError {
  return new XorflowError('CLUSTER_REFUSED', message);
}
