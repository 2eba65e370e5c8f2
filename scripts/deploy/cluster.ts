import type { KubernetesObject } from '../../knative/kustomize/resource.ts';
import { type Call, noAnswer, refusalOf, type Status, statusOf, whyNoAnswer } from './answers.ts';
import { type ClusterOptions, loadKubeconfig } from './kubeconfig.ts';

/** One kind of objects as the cluster offers it. */
export interface ApiResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** A cluster's API, as far as deploying needs it. Its methods throw what answers.ts makes of an answer. */
export interface Cluster {
  /** `context "dev" at https://…`, for people. */
  readonly title: string;
  readonly context: string;
  /** The kinds of a version of a group; undefined where the cluster has no such version. */
  kindsOf(apiVersion: string): Promise<readonly ApiResource[] | undefined>;
  /** The object as it is now; undefined where there is none. */
  read(object: KubernetesObject): Promise<KubernetesObject | undefined>;
  /** Server-side apply under our name. */
  apply(object: KubernetesObject, options: ApplyOptions): Promise<Applied>;
  /** Begins to delete an object; false where there is none. */
  remove(object: KubernetesObject): Promise<boolean>;
  list(apiVersion: string, kind: string, namespace: string, selector?: Selector): Promise<readonly KubernetesObject[]>;
}

export interface ApplyOptions {
  /** Takes fields over from other managers. */
  readonly force: boolean;
  /** Only asks what would become of the object. */
  readonly dryRun?: boolean;
}

export interface Applied {
  readonly object: KubernetesObject;
  readonly isNew: boolean;
}

interface Selector {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

interface Answer {
  readonly code: number;
  readonly body: unknown;
}

const FIELD_MANAGER = 'xorflow';
const ANSWER_MS = 30_000;

/** Connects to the cluster that the options name; nothing is sent yet. */
export async function openCluster(options: ClusterOptions, signal: AbortSignal): Promise<Cluster> {
  const config = await loadKubeconfig(options);
  const { RequestContext, IsomorphicFetchHttpLibrary } = await import('@kubernetes/client-node');
  const library = new IsomorphicFetchHttpLibrary();
  const server = (config.getCurrentCluster()?.server ?? '').replace(/\/+$/, '');
  const context = config.getCurrentContext();
  const title = `context ${context} at ${server}`;
  const kinds = new Map<string, Promise<readonly ApiResource[] | undefined>>();
  let dispatcher: ReturnType<InstanceType<typeof RequestContext>['getDispatcher']>;

  const send = async (call: Call, query: Record<string, string | undefined> = {}, body?: string): Promise<Answer> => {
    signal.throwIfAborted();
    const url = new URL(`${server}${call.path}`);
    for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, value);
    const request = new RequestContext(url.href, call.method);
    request.setHeaderParam('Accept', 'application/json');
    await config.applySecurityAuthentication(request).catch((cause: unknown) => {
      const why = whyNoAnswer(cause);
      throw noAnswer(`Cannot use the credentials of ${title}: ${why}: log in again, or mend the kubeconfig`, {
        cause,
      });
    });
    // One pool of connections: the library makes another one for every request.
    dispatcher ??= request.getDispatcher();
    if (dispatcher) request.setDispatcher(dispatcher);
    if (body !== undefined) {
      request.setHeaderParam('Content-Type', 'application/apply-patch+yaml');
      request.setBody(body);
    }
    request.setSignal(AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]));
    try {
      const response = await library.send(request).toPromise();
      return { code: response.httpStatusCode, body: parse(await response.body.text()) };
    } catch (cause) {
      signal.throwIfAborted();
      throw noAnswer(`Cannot reach the cluster of ${title}: ${whyNoAnswer(cause)}`, { cause });
    }
  };
  const refuse = (call: Call, { code, body }: Answer) => refusalOf(code, statusOf(body), call, title);
  const isMissing = ({ code }: Answer) => code === 404;

  const kindsOf = (apiVersion: string) => {
    const found = kinds.get(apiVersion) ?? discover(apiVersion);
    kinds.set(apiVersion, found);
    return found;
  };
  const discover = async (apiVersion: string) => {
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const call: Call = { method: 'GET', verb: 'get', path, resource: 'the kinds of', title: apiVersion };
    const answer = await send(call);
    if (isMissing(answer)) return undefined;
    if (answer.code !== 200) throw refuse(call, answer);
    const { resources } = answer.body as { resources?: readonly ApiResource[] };
    if (!Array.isArray(resources)) throw noAnswer(`No API server at ${server}: ${path} is answered otherwise`);
    return resources.filter(({ name }) => !name.includes('/'));
  };
  const callFor = async (object: KubernetesObject, method: Call['method'], verb: string): Promise<Call | undefined> => {
    const { apiVersion, kind, metadata } = object;
    const found = (await kindsOf(apiVersion))?.find((resource) => resource.kind === kind);
    if (found === undefined) return undefined;
    const namespace = found.namespaced ? (metadata.namespace ?? 'default') : undefined;
    const path = `${collection(apiVersion, found.name, namespace)}/${encodeURIComponent(metadata.name)}`;
    return {
      method,
      verb,
      path,
      resource: qualified(found.name, apiVersion),
      title: `${kind} ${metadata.name}`,
      namespace,
    };
  };

  return {
    title,
    context,
    kindsOf,
    async read(object) {
      const call = await callFor(object, 'GET', 'get');
      if (call === undefined) return undefined;
      const answer = await send(call);
      if (isMissing(answer)) return undefined;
      if (answer.code !== 200) throw refuse(call, answer);
      return answer.body as KubernetesObject;
    },
    async apply(object, { force, dryRun }) {
      const call = await callFor(object, 'PATCH', 'patch');
      if (call === undefined) throw noAnswer(`No kind ${object.kind} in ${object.apiVersion} of ${title}`);
      const query = { fieldManager: FIELD_MANAGER, force: String(force), dryRun: dryRun ? 'All' : undefined };
      const answer = await send(call, query, JSON.stringify(object));
      if (answer.code !== 200 && answer.code !== 201) throw refuse(call, answer);
      return { object: answer.body as KubernetesObject, isNew: answer.code === 201 };
    },
    async remove(object) {
      const call = await callFor(object, 'DELETE', 'delete');
      if (call === undefined) return false;
      const answer = await send(call, { propagationPolicy: 'Foreground' });
      if (isMissing(answer)) return false;
      if (answer.code !== 200 && answer.code !== 202) throw refuse(call, answer);
      return true;
    },
    async list(apiVersion, kind, namespace, selector = {}) {
      const found = (await kindsOf(apiVersion))?.find((resource) => resource.kind === kind);
      if (found === undefined) return [];
      const path = collection(apiVersion, found.name, namespace);
      const resource = qualified(found.name, apiVersion);
      const call: Call = { method: 'GET', verb: 'list', path, resource, title: `${kind}s`, namespace };
      const answer = await send(call, { ...selector });
      if (answer.code !== 200) throw refuse(call, answer);
      return (answer.body as { items?: readonly KubernetesObject[] }).items ?? [];
    },
  };
}

function collection(apiVersion: string, resource: string, namespace: string | undefined): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${resource}`;
}

/** `brokers.eventing.knative.dev`; `secrets` where there is no group. */
function qualified(resource: string, apiVersion: string): string {
  return apiVersion.includes('/') ? `${resource}.${apiVersion.slice(0, apiVersion.indexOf('/'))}` : resource;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text.slice(0, 200) } satisfies Status;
  }
}
