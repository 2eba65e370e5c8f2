import type { IncomingMessage } from 'node:http';
import { isFields, type KubernetesObject } from '../../../knative/kustomize/resource.ts';
import type { Validate } from '../crds.ts';
import { type Conflict, type Stored, serverSideApply, takeOver } from './apply.ts';
import { CONTAINERS, readyStatus, refusalOfBroker, withDefaults, withSink } from './controllers.ts';
import { qualified, RESOURCES, type Resource } from './resources.ts';

/** What a test wants of its cluster. */
export interface StandInOptions {
  /** Groups, or versions of a group, that are not installed. */
  readonly lacks?: readonly string[];
  /** What nobody may do: `patch brokers.eventing.knative.dev`. */
  readonly forbids?: readonly string[];
  /** After how long an object is ready, in milliseconds; undefined for never. */
  readonly readyAfter?: (object: KubernetesObject) => number | undefined;
  /** The status of what is not ready. */
  readonly status?: (object: KubernetesObject) => Record<string, unknown> | undefined;
  /** How whoever carries out SinkBindings signs his changes. */
  readonly binder?: string;
  /** Who keeps an object from going: its finalizers. */
  readonly finalizers?: (object: KubernetesObject) => readonly string[];
}

export interface Answer {
  readonly code: number;
  readonly body: unknown;
}

interface Place {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

const TOKEN = 'Bearer secret';
const VERBS: Readonly<Record<string, string>> = { PATCH: 'patch', DELETE: 'delete', GET: 'get' };

/** The objects of a cluster and what its API answers. */
export function makeApi(options: StandInOptions, validate: Validate | undefined) {
  const stored = new Map<string, Stored>();
  const changedAt = new Map<string, number>();
  const objects = new Map<string, KubernetesObject>();
  let version = 0;

  const keyOf = (kind: string, namespace: string | undefined, name: string) => `${kind}/${namespace ?? ''}/${name}`;
  const keyOfObject = ({ apiVersion, kind, metadata }: KubernetesObject) =>
    keyOf(apiVersion === 'v1' && kind === 'Service' ? 'v1/Service' : kind, metadata.namespace, metadata.name);
  const isInstalled = ({ apiVersion, name }: Resource) => {
    const group = apiVersion.split('/')[0] ?? '';
    return ![group, apiVersion, qualified({ apiVersion, name } as Resource)].some((one) =>
      options.lacks?.includes(one),
    );
  };

  const save = ({ object, managers }: Stored): KubernetesObject => {
    const key = keyOfObject(object);
    const before = stored.get(key)?.object;
    const isChanged = JSON.stringify(before?.spec) !== JSON.stringify(object.spec);
    const generation = Number(before?.metadata.generation ?? 0) + (isChanged || !before ? 1 : 0);
    version += 1;
    const finalizers = options.finalizers?.(object) ?? [];
    const metadata = {
      ...object.metadata,
      generation,
      resourceVersion: String(version),
      ...(finalizers.length > 0 ? { finalizers } : {}),
    };
    stored.set(key, { object: { ...object, metadata }, managers });
    if (isChanged) changedAt.set(key, performance.now());
    objects.set(key, { ...object, metadata });
    return { ...object, metadata };
  };
  const withStatus = (object: KubernetesObject): KubernetesObject => {
    const key = keyOfObject(object);
    const after = options.readyAfter ? options.readyAfter(object) : 0;
    const isReady = after !== undefined && performance.now() - (changedAt.get(key) ?? 0) >= after;
    const status = isReady ? readyStatus(object) : options.status?.(object);
    return status === undefined ? object : { ...object, status };
  };

  /** What Eventing does once a SinkBinding is ready: it updates the Services, as a manager of their containers. */
  const bind = ({ metadata }: KubernetesObject): void => {
    for (const [key, { object, managers }] of stored) {
      if (!key.startsWith(`Service/${metadata.namespace}/`) || JSON.stringify(object).includes('"K_SINK"')) continue;
      const copy = { object: structuredClone(object), managers };
      takeOver(copy, CONTAINERS, withSink(object), options.binder ?? 'webhook');
      save(copy);
    }
  };

  const apply = ({ resource, namespace, name = '' }: Place, query: URLSearchParams, text: string): Answer => {
    const manager = query.get('fieldManager');
    if (manager === null) return failure(400, 'BadRequest', 'fieldManager is required for apply patch');
    const given = JSON.parse(text) as KubernetesObject;
    const title = `${qualified(resource)} "${name}"`;
    if (given.metadata.name !== name)
      return failure(400, 'BadRequest', 'the name of the object does not match the URL');
    if (namespace !== undefined && !objects.has(keyOf('Namespace', undefined, namespace))) {
      return failure(404, 'NotFound', `namespaces "${namespace}" not found`);
    }
    const [problem] = given.apiVersion.includes('knative.dev') ? (validate?.(given) ?? []) : [];
    if (problem?.startsWith('no schema') === false) {
      return problem.includes('additional properties')
        ? failure(500, '', `failed to create typed patch object (${title}): ${problem}: field not declared in schema`)
        : failure(422, 'Invalid', `${resource.kind} "${name}" is invalid: ${problem}`);
    }
    const before = stored.get(keyOfObject(given));
    const result = serverSideApply(before, given, manager, query.get('force') === 'true');
    if (Array.isArray(result)) return conflict(result as readonly Conflict[]);
    const { object, managers } = result as Stored;
    const complete = withDefaults(object);
    const refusal = before && refusalOfBroker(before.object, complete);
    if (refusal) return failure(400, 'BadRequest', refusal);
    const code = before === undefined ? 201 : 200;
    if (query.get('dryRun') === 'All') return { code, body: complete };
    return { code, body: withStatus(save({ object: complete, managers })) };
  };

  const remove = ({ resource, namespace, name = '' }: Place): Answer => {
    const key = keyOf(
      resource.apiVersion === 'v1' && resource.kind === 'Service' ? 'v1/Service' : resource.kind,
      namespace,
      name,
    );
    const found = stored.get(key);
    if (!found) return failure(404, 'NotFound', `${qualified(resource)} "${name}" not found`);
    const finalizers = found.object.metadata.finalizers;
    if (Array.isArray(finalizers) && finalizers.length > 0) return { code: 200, body: found.object };
    stored.delete(key);
    objects.delete(key);
    return { code: 200, body: { kind: 'Status', status: 'Success' } };
  };

  const read = ({ resource, namespace, name }: Place, query: URLSearchParams): Answer => {
    const all = [...stored.values()].map(({ object }) => object);
    const ofKind = all.filter((object) => object.kind === resource.kind && object.apiVersion === resource.apiVersion);
    const here = ofKind.filter((object) => object.metadata.namespace === namespace);
    if (name === undefined) {
      const selector = query.get('fieldSelector')?.split('=') ?? [];
      const items = here.filter((object) => selector.length < 2 || object[selector[0] ?? ''] === selector[1]);
      return { code: 200, body: { kind: `${resource.kind}List`, items: items.map(withStatus) } };
    }
    const found = here.find((object) => object.metadata.name === name);
    if (found) {
      const answer = withStatus(found);
      if (resource.kind === 'SinkBinding' && answer.status !== undefined) bind(found);
      return { code: 200, body: answer };
    }
    return failure(404, 'NotFound', `${qualified(resource)} "${name}" not found`);
  };

  return {
    objects: objects as ReadonlyMap<string, KubernetesObject>,
    put(object: KubernetesObject, manager = 'somebody') {
      const result = serverSideApply(undefined, object, manager, true);
      if (!Array.isArray(result)) save(result as Stored);
    },
    handle(request: IncomingMessage, text: string): Answer {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
      if (request.headers.authorization !== TOKEN) return failure(401, 'Unauthorized', 'Unauthorized');
      const match =
        /^\/(?:api|apis)\/((?:[^/]+\/)?v\d\w*)(?:\/namespaces\/([^/]+)(?=\/.))?(?:\/([^/]+)(?:\/([^/]+))?)?$/.exec(
          pathname,
        );
      const [, apiVersion, namespace, plural, name] = match ?? [];
      const offered = RESOURCES.filter((one) => one.apiVersion === apiVersion && isInstalled(one));
      if (offered.length === 0) return failure(404, 'NotFound', 'the server could not find the requested resource');
      if (plural === undefined) return { code: 200, body: { kind: 'APIResourceList', resources: offered } };
      const resource = offered.find((one) => one.name === plural);
      if (!resource) return failure(404, 'NotFound', 'the server could not find the requested resource');
      const verb = name === undefined ? 'list' : (VERBS[request.method ?? ''] ?? '');
      const what = qualified(resource);
      if (options.forbids?.includes(`${verb} ${what}`)) {
        const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
        return failure(
          403,
          'Forbidden',
          `${what} "${name}" is forbidden: User "jane" cannot ${verb} resource "${plural}" ${where}`,
        );
      }
      const place = { resource, namespace, name };
      if (request.method === 'DELETE') return remove(place);
      if (request.method !== 'PATCH') return read(place, searchParams);
      const type = request.headers['content-type'];
      if (type !== 'application/apply-patch+yaml') return failure(415, 'UnsupportedMediaType', `no ${type}`);
      if (isTerminating(objects.get(keyOf('Namespace', undefined, namespace ?? ''))))
        return terminating(what, name, namespace);
      return apply(place, searchParams, text);
    },
  };
}

function isTerminating(namespace: KubernetesObject | undefined): boolean {
  return isFields(namespace?.status) && namespace.status.phase === 'Terminating';
}

function terminating(what: string, name: string | undefined, namespace: string | undefined): Answer {
  const message = `${what} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`;
  return failure(403, 'Forbidden', message, [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }]);
}

function conflict(conflicts: readonly Conflict[]): Answer {
  const causes = conflicts.map(({ manager, field }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with "${manager}" using v1`,
    field,
  }));
  return failure(409, 'Conflict', `Apply failed with ${causes.length} conflicts`, causes);
}

function failure(code: number, reason: string, message: string, causes: readonly object[] = []): Answer {
  return {
    code,
    body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message, details: { causes } },
  };
}
