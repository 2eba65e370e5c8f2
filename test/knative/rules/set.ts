/** A manifest, or a part of one, as it stands in the file. */
export type Fields = Record<string, unknown>;
/** Everything that is applied together. */
export type ManifestSet = readonly Fields[];

/** Something that holds for every set of manifests. */
export interface Rule {
  readonly name: string;
  /** What breaks it, a sentence each; empty where it holds. */
  check(set: ManifestSet): string[];
}

/** The labels and the spec of the pods that an object makes. */
export interface PodTemplate {
  readonly owner: Fields;
  readonly title: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Fields;
  readonly containers: readonly Fields[];
}

export const SERVICE = 'serving.knative.dev/v1/Service';
export const JOB_SINK = 'sinks.knative.dev/v1alpha1/JobSink';
export const BROKER = 'eventing.knative.dev/v1/Broker';
export const TRIGGER = 'eventing.knative.dev/v1/Trigger';
export const API_SERVER_SOURCE = 'sources.knative.dev/v1/ApiServerSource';
export const SINK_BINDING = 'sources.knative.dev/v1/SinkBinding';

/** Where each kind keeps the template of its pods. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  [SERVICE]: ['spec', 'template'],
  [JOB_SINK]: ['spec', 'job', 'spec', 'template'],
  'apps/v1/Deployment': ['spec', 'template'],
  'apps/v1/StatefulSet': ['spec', 'template'],
  'batch/v1/Job': ['spec', 'template'],
};

/** The value at a path, or undefined. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((current, key) => (current as Fields | null | undefined)?.[key], value);
}

export function fieldsAt(value: unknown, ...path: (string | number)[]): Fields {
  return (at(value, ...path) ?? {}) as Fields;
}

export function listAt(value: unknown, ...path: (string | number)[]): Fields[] {
  return (at(value, ...path) ?? []) as Fields[];
}

export function stringAt(value: unknown, ...path: (string | number)[]): string {
  return String(at(value, ...path) ?? '');
}

export function nameOf(document: unknown): string {
  return stringAt(document, 'metadata', 'name');
}

/** `apiVersion/kind`. */
export function typeOf(document: unknown): string {
  return `${stringAt(document, 'apiVersion')}/${stringAt(document, 'kind')}`;
}

export function titleOf(document: unknown): string {
  return `${stringAt(document, 'kind')} ${nameOf(document)}`;
}

export function ofType(set: ManifestSet, type: string): Fields[] {
  return set.filter((document) => typeOf(document) === type);
}

/** The object that a reference `{apiVersion, kind, name}` means. */
export function find(set: ManifestSet, reference: unknown): Fields | undefined {
  return set.find(
    (document) => typeOf(document) === typeOf(reference) && nameOf(document) === stringAt(reference, 'name'),
  );
}

export function podsOf(set: ManifestSet): PodTemplate[] {
  return set.flatMap((owner) => {
    const path = TEMPLATES[typeOf(owner)];
    if (path === undefined) return [];
    const template = at(owner, ...path);
    return [
      {
        owner,
        title: titleOf(owner),
        labels: fieldsAt(template, 'metadata', 'labels') as Record<string, string>,
        spec: fieldsAt(template, 'spec'),
        containers: listAt(template, 'spec', 'containers'),
      },
    ];
  });
}

/** The pods that run the project's own image, told by their command. */
export function functionPodsOf(set: ManifestSet): (PodTemplate & { name: string; container: Fields })[] {
  return podsOf(set).flatMap((pod) => {
    const [container] = pod.containers;
    const name = container && functionOf(container);
    return container && name ? [{ ...pod, name, container }] : [];
  });
}

/** The folder of the function that a container runs. */
export function functionOf(container: Fields): string | undefined {
  const command = [...listAt(container, 'command'), ...listAt(container, 'args')].join(' ');
  return /\bfunctions\/([a-z0-9-]+)\/index\.ts\b/.exec(command)?.[1];
}

export function envOf(container: Fields, name: string): Fields | undefined {
  return listAt(container, 'env').find((entry) => entry.name === name);
}

/** Whether labels have all that a selector's `matchLabels` asks for; one that asks for nothing selects nothing here. */
export function matches(matchLabels: unknown, labels: Fields): boolean {
  const wanted = Object.entries((matchLabels ?? {}) as Fields);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}
