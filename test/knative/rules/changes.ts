import assert from 'node:assert/strict';
import {
  API_SERVER_SOURCE,
  BROKER,
  type Fields,
  fieldsAt,
  JOB_SINK,
  listAt,
  type ManifestSet,
  nameOf,
  ofType,
  SERVICE,
  SINK_BINDING,
  TRIGGER,
} from './set.ts';

/** The rule, by the beginning of its name; what breaks it; and how. */
export type Case = readonly [rule: string, behaviour: string, change: (set: Fields[]) => void];

/** An object of the set that the cases start from: the one with a name, or the first of its kind. */
export const TARGETS = {
  service: [SERVICE, 'generate'],
  trigger: [TRIGGER, 'generate'],
  train: [TRIGGER, 'train'],
  compare: [TRIGGER, 'compare'],
  record: [TRIGGER, 'record'],
  jobTrigger: [TRIGGER, 'train-long'],
  jobSink: [JOB_SINK, 'train-long'],
  broker: [BROKER],
  binding: [SINK_BINDING],
  source: [API_SERVER_SOURCE],
  role: ['rbac.authorization.k8s.io/v1/Role'],
  roleBinding: ['rbac.authorization.k8s.io/v1/RoleBinding'],
  redis: ['apps/v1/StatefulSet'],
  redisService: ['v1/Service'],
  secret: ['v1/Secret'],
  networkPolicy: ['networking.k8s.io/v1/NetworkPolicy'],
  authorizationPolicy: ['security.istio.io/v1/AuthorizationPolicy'],
} as const satisfies Readonly<Record<string, readonly [type: string, name?: string]>>;

export type Target = keyof typeof TARGETS;
/** Steps between slashes. */
type Path = string;

export function targetOf(set: ManifestSet, target: Target): Fields {
  const [type, name] = TARGETS[target] as readonly [string, string?];
  const found = ofType(set, type).find((document) => name === undefined || nameOf(document) === name);
  return found ?? assert.fail(`no ${target}`);
}

function stepsOf(path: Path): (string | number)[] {
  return path.split('/').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

/** Sets fields of what is at a path. */
export function put(target: Target, path: Path, values: Fields) {
  return (set: Fields[]) => void Object.assign(fieldsAt(targetOf(set, target), ...stepsOf(path)), values);
}

/** Takes a field away from what is at a path. */
export function drop(target: Target, path: Path, field: string) {
  return (set: Fields[]) => {
    const parent = fieldsAt(targetOf(set, target), ...stepsOf(path));
    assert.ok(field in parent, field);
    delete parent[field];
  };
}

/** Adds to the list at a path. */
export function push(target: Target, path: Path, item: Fields) {
  return (set: Fields[]) => void listAt(targetOf(set, target), ...stepsOf(path)).push(item);
}

/** Takes an object out of the set. */
export function remove(target: Target) {
  return (set: Fields[]) => void set.splice(set.indexOf(targetOf(set, target)), 1);
}

/** Puts an object into the set a second time. */
export function double(target: Target) {
  return (set: Fields[]) => void set.push(structuredClone(targetOf(set, target)));
}
