import { isDeepStrictEqual } from 'node:util';
import { isFields, type KubernetesObject } from '../../../knative/kustomize/resource.ts';

/** An object as the stand-in keeps it: what it is, and who manages which of its fields. */
export interface Stored {
  object: KubernetesObject;
  /** By manager, the paths of its fields as JSON. */
  readonly managers: Map<string, Set<string>>;
}

export interface Conflict {
  readonly manager: string;
  /** `.spec.replicas` */
  readonly field: string;
}

/** Fields that every apply names and nobody manages. */
const IDENTITY = new Set(['["apiVersion"]', '["kind"]', '["metadata","name"]', '["metadata","namespace"]']);

/**
 * Server-side apply as far as it matters here: fields that the manager named before and does not name now go, unless
 * others manage them; a field of another manager with another value is a conflict. A list is one field.
 */
export function serverSideApply(
  before: Stored | undefined,
  config: KubernetesObject,
  manager: string,
  force: boolean,
): Stored | readonly Conflict[] {
  const leaves = new Map(leavesOf(config, []).filter(([path]) => !IDENTITY.has(path)));
  const managers = new Map([...(before?.managers ?? [])].map(([name, paths]) => [name, new Set(paths)]));
  const object = structuredClone(before?.object ?? config);
  const others = [...managers].filter(([name]) => name !== manager);
  const conflicts = [...leaves].flatMap(([path, value]) => {
    const owner = others.find(([, paths]) => paths.has(path));
    if (owner === undefined || isDeepStrictEqual(at(object, JSON.parse(path) as string[]), value)) return [];
    if (!force) return [{ manager: owner[0], field: `.${(JSON.parse(path) as string[]).join('.')}` }];
    owner[1].delete(path);
    return [];
  });
  if (conflicts.length > 0) return conflicts;
  for (const path of managers.get(manager) ?? []) {
    if (!leaves.has(path) && !others.some(([, paths]) => paths.has(path))) unset(object, JSON.parse(path) as string[]);
  }
  for (const [path, value] of leaves) set(object, JSON.parse(path) as string[], value);
  managers.set(manager, new Set(leaves.keys()));
  return { object, managers };
}

/** An update by a manager that does not apply: it takes the field over from whoever had it. */
export function takeOver({ object, managers }: Stored, path: readonly string[], value: unknown, manager: string): void {
  set(object, path, value);
  const field = JSON.stringify(path);
  for (const fields of managers.values()) fields.delete(field);
  managers.set(manager, new Set([...(managers.get(manager) ?? []), field]));
}

function leavesOf(value: unknown, path: readonly string[]): [string, unknown][] {
  if (!isFields(value) || (path.length > 0 && Object.keys(value).length === 0)) return [[JSON.stringify(path), value]];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((current, key) => (isFields(current) ? current[key] : undefined), value);
}

function set(object: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    object[key] = structuredClone(value);
    return;
  }
  const inner = isFields(object[key]) ? object[key] : {};
  object[key] = inner;
  set(inner, rest, value);
}

function unset(object: Record<string, unknown>, path: readonly string[]): void {
  const parent = at(object, path.slice(0, -1));
  if (isFields(parent)) delete parent[path.at(-1) ?? ''];
}
