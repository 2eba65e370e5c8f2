import { isFields, type KubernetesObject } from '../../knative/kustomize/resource.ts';

/** One field of an object that would change; `before` or `after` is missing where the field is. */
export interface Change {
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

const ABSENT = Symbol('absent');
/** What the API server writes by itself. */
const OF_THE_SERVER = ['managedFields', 'resourceVersion', 'generation', 'uid', 'creationTimestamp', 'selfLink'];
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The fields that differ between an object as it is and as it would be, by their paths. */
export function changesBetween(live: KubernetesObject, wanted: KubernetesObject): Change[] {
  const changes = compare(strip(live), strip(wanted), '');
  return live.kind === 'Secret' ? changes.map(hide) : changes;
}

/** `~ spec.retry: 5 -> 3`, `+ …` for what comes, `- …` for what goes. */
export function formatChange({ path, ...change }: Change): string {
  const { before, after } = change;
  if (!('before' in change)) return `+ ${path}: ${JSON.stringify(after)}`;
  if (!('after' in change)) return `- ${path}: ${JSON.stringify(before)}`;
  return `~ ${path}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`;
}

function strip({ status: _status, ...object }: KubernetesObject): Record<string, unknown> {
  const kept = Object.entries(object.metadata).filter(([field]) => !OF_THE_SERVER.includes(field));
  const metadata: Record<string, unknown> = Object.fromEntries(kept);
  if (isFields(metadata.annotations)) {
    const { [LAST_APPLIED]: _, ...annotations } = metadata.annotations;
    if (Object.keys(annotations).length === 0) delete metadata.annotations;
    else metadata.annotations = annotations;
  }
  return { ...object, metadata };
}

function compare(before: unknown, after: unknown, path: string): Change[] {
  if (before === ABSENT) return [{ path, after }];
  if (after === ABSENT) return [{ path, before }];
  const [was, is] = [entriesOf(before), entriesOf(after)];
  if (was === undefined || is === undefined || Array.isArray(before) !== Array.isArray(after)) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
  }
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((key) =>
    compare(was.has(key) ? was.get(key) : ABSENT, is.has(key) ? is.get(key) : ABSENT, join(path, key)),
  );
}

/** The parts of a value: fields by name, items by their name where all have one, else by their place. */
function entriesOf(value: unknown): Map<string, unknown> | undefined {
  if (isFields(value)) return new Map(Object.entries(value));
  if (!Array.isArray(value)) return undefined;
  const names = value.map((item: unknown) => (isFields(item) ? item.name : undefined));
  const isNamed = names.every((name) => typeof name === 'string') && new Set(names).size === names.length;
  return new Map(value.map((item: unknown, index) => [`[${isNamed ? names[index] : index}]`, item]));
}

function join(path: string, key: string): string {
  if (key.startsWith('[') || path === '') return `${path}${key}`;
  return `${path}.${key}`;
}

function hide({ path, ...change }: Change): Change {
  if (!path.startsWith('data') && !path.startsWith('stringData')) return { path, ...change };
  const hidden = Object.keys(change).map((side) => [side, '(hidden)']);
  return { path, ...Object.fromEntries(hidden) };
}
