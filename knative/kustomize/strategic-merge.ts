import { type Fields, isFields, type KubernetesObject } from './resource.ts';

/** What tells the items of a list of Kubernetes' own kinds apart, by the list's field. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  imagePullSecrets: 'name',
};

/** Lists that a patch replaces as a whole in Kubernetes' own kinds. */
const ATOMIC: ReadonlySet<string> = new Set(
  [
    'accessModes add args command drop egress envFrom from ingress items matchExpressions policyTypes resourceNames',
    'resources rules subjects to tolerations values verbs volumeClaimTemplates apiGroups',
  ]
    .join(' ')
    .split(' '),
);

/** Groups whose lists have merge keys; a list of a custom resource is replaced. */
const OWN_GROUP = /^(?:v1|apps\/v1|batch\/v1|policy\/v1|[a-z.]+\.k8s\.io\/v1)$/;

/**
 * An object with a patch laid over it, as kustomize does for strategic merge patches; undefined where the patch deletes it.
 *
 * @throws Error with the path of what is not supported
 */
export function mergeStrategically(object: KubernetesObject, patch: Fields): KubernetesObject | undefined {
  if (patch.$patch === 'delete') return undefined;
  return mergeFields(object, patch, [], OWN_GROUP.test(object.apiVersion)) as KubernetesObject;
}

function mergeFields(target: Fields, patch: Fields, path: readonly string[], hasMergeKeys: boolean): Fields {
  const { $patch: directive, ...changes } = patch;
  if (directive === 'replace') return structuredClone(changes);
  if (directive !== undefined && directive !== 'merge') throw unsupported([...path, '$patch'], directive);
  const merged = { ...target };
  for (const [key, value] of Object.entries(changes)) {
    const place = [...path, key];
    if (key.startsWith('$')) throw unsupported(place, value);
    const before = merged[key];
    if (value === null || (isFields(value) && value.$patch === 'delete')) delete merged[key];
    else if (isFields(value)) merged[key] = mergeFields(isFields(before) ? before : {}, value, place, hasMergeKeys);
    else if (Array.isArray(value) && hasMergeKeys && Array.isArray(before)) {
      merged[key] = mergeLists(before, value, place);
    } else merged[key] = structuredClone(value);
  }
  return merged;
}

/** The items of the patch come first, in its order, then what they do not name. */
function mergeLists(target: readonly unknown[], patch: readonly unknown[], path: readonly string[]): unknown[] {
  const name = path.at(-1) ?? '';
  const key = name === 'ports' && path.includes('containers') ? 'containerPort' : MERGE_KEYS[name];
  if (key === undefined) {
    if (ATOMIC.has(name)) return structuredClone([...patch]);
    throw unsupported(path, 'a list');
  }
  const rest = target.filter(isFields);
  const first = patch.flatMap((item) => {
    if (!isFields(item) || item[key] === undefined) throw new Error(`an item without ${key} at ${path.join('.')}`);
    const index = rest.findIndex((candidate) => candidate[key] === item[key]);
    const [before] = index < 0 ? [] : rest.splice(index, 1);
    if (item.$patch === 'delete') return [];
    return [mergeFields(before ?? {}, item, [...path, String(item[key])], true)];
  });
  return [...first, ...rest];
}

function unsupported(path: readonly string[], value: unknown): Error {
  return new Error(`${path.join('.')}: ${typeof value === 'string' ? value : JSON.stringify(value)} is not supported`);
}
