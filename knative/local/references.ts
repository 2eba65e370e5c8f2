import type { Problems } from './problems.ts';
import type { JobSinkManifest } from './schema/job-sink.ts';
import type { AnyManifest } from './schema/kinds.ts';
import type { Destination } from './schema/parts.ts';
import type { ServiceManifest } from './schema/service.ts';
import type { SinkBindingManifest } from './schema/sink-binding.ts';

const SERVICE = 'serving.knative.dev/v1/Service';
const BROKER = 'eventing.knative.dev/v1/Broker';
const JOB_SINK = 'sinks.knative.dev/v1alpha1/JobSink';

/** A manifest with the name that problems call it by and the lines of its fields. */
export interface Checked<M extends AnyManifest = AnyManifest> {
  readonly manifest: M;
  /** `trigger/train`. */
  readonly title: string;
  place(path: readonly PropertyKey[]): string;
}

/** Finds every reference of the set that leads nowhere, and objects outside the one namespace. */
export function resolveReferences(checked: readonly Checked[], problems: Problems): void {
  const manifests = checked.map(({ manifest }) => manifest);
  const namespace = namespaceOf(manifests);
  for (const entry of checked) {
    const fail = (path: readonly PropertyKey[], sentence: string) =>
      problems.add(entry.place(path), `${entry.title}: ${sentence}`);
    const { manifest } = entry;
    const own = manifest.metadata.namespace ?? 'default';
    if (manifest.kind !== 'Namespace' && own !== namespace) {
      fail(
        ['metadata', 'namespace'],
        `Wrong value "${own}" at metadata.namespace: expected ${namespace}, the one of all`,
      );
    }
    for (const { path, destination } of destinationsOf(manifest)) {
      const problem = problemOf(destination, manifests, namespace, path.join('.'));
      if (problem !== undefined) fail([...path, ...problem.path], problem.sentence);
    }
    if (manifest.kind === 'Trigger' && !exists(manifests, 'Broker', manifest.spec.broker)) {
      fail(
        ['spec', 'broker'],
        `No Broker "${manifest.spec.broker}" at spec.broker: expected ${namesOf(manifests, 'Broker')}`,
      );
    }
    if (manifest.kind === 'SinkBinding' && !manifests.some((other) => isBindable(other) && binds(manifest, other))) {
      const kind = manifest.spec.subject.kind === 'Job' ? 'JobSink' : 'Service';
      fail(['spec', 'subject'], `No ${kind} for spec.subject: expected ${namesOf(manifests, kind)}, or labels of one`);
    }
    if (isBindable(manifest)) {
      const bindings = manifests.filter((other) => other.kind === 'SinkBinding' && binds(other, manifest));
      const names = bindings.map(({ metadata }) => metadata.name).join(' and ');
      if (bindings.length > 1) fail(['metadata'], `K_SINK from the SinkBindings ${names}: expected one at most`);
    }
  }
}

/** What runs code, and so may be given a sink. */
export type Bindable = ServiceManifest | JobSinkManifest;

function isBindable(manifest: AnyManifest): manifest is Bindable {
  return manifest.kind === 'Service' || manifest.kind === 'JobSink';
}

/** Whether a SinkBinding is about a Service, by name or by all of its labels, or about the Jobs of a JobSink. */
export function binds(binding: SinkBindingManifest, manifest: Bindable): boolean {
  const { subject } = binding.spec;
  if (subject.kind === 'Job') {
    return manifest.kind === 'JobSink' && matches(subject.selector, manifest.spec.job.metadata?.labels);
  }
  if (manifest.kind !== 'Service') return false;
  return subject.name === undefined
    ? matches(subject.selector, manifest.metadata.labels)
    : subject.name === manifest.metadata.name;
}

/** Whether something has all the labels that a selector asks for. */
export function matches(
  selector: { readonly matchLabels: Readonly<Record<string, string>> } | undefined,
  labels: Readonly<Record<string, string>> = {},
): boolean {
  return Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}

function destinationsOf(manifest: AnyManifest): { path: string[]; destination: Destination }[] {
  const found: { path: string[]; destination: Destination | undefined }[] = [];
  if (manifest.kind === 'Trigger') found.push({ path: ['spec', 'subscriber'], destination: manifest.spec.subscriber });
  if (manifest.kind === 'SinkBinding' || manifest.kind === 'ApiServerSource') {
    found.push({ path: ['spec', 'sink'], destination: manifest.spec.sink });
  }
  if (manifest.kind === 'Trigger' || manifest.kind === 'Broker') {
    found.push({ path: ['spec', 'delivery', 'deadLetterSink'], destination: manifest.spec?.delivery?.deadLetterSink });
  }
  return found.flatMap(({ path, destination }) => (destination ? [{ path, destination }] : []));
}

function problemOf(
  { ref, uri }: Destination,
  manifests: readonly AnyManifest[],
  namespace: string,
  place: string,
): { path: string[]; sentence: string } | undefined {
  if (ref === undefined) {
    if (URL.canParse(uri ?? '')) return undefined;
    return {
      path: ['uri'],
      sentence: `Wrong value "${uri}" at ${place}.uri: expected an absolute URL, or a ref beside it`,
    };
  }
  const type = `${ref.apiVersion}/${ref.kind}`;
  // A dead letter that comes back to the Broker would meet the same Triggers again.
  const isAllowed =
    type === SERVICE ||
    (type === BROKER && !place.endsWith('deadLetterSink')) ||
    (type === JOB_SINK && place === 'spec.subscriber');
  if (!isAllowed) return { path: ['ref'], sentence: `${place}.ref ${type}: not supported locally` };
  if (ref.namespace !== undefined && ref.namespace !== namespace) {
    const sentence = `Wrong value "${ref.namespace}" at ${place}.ref.namespace: expected ${namespace}, the one of all`;
    return { path: ['ref', 'namespace'], sentence };
  }
  if (exists(manifests, ref.kind, ref.name)) return undefined;
  const sentence = `No ${ref.kind} "${ref.name}" at ${place}.ref.name: expected ${namesOf(manifests, ref.kind)}`;
  return { path: ['ref', 'name'], sentence };
}

function exists(manifests: readonly AnyManifest[], kind: string, name: string): boolean {
  return manifests.some((manifest) => manifest.kind === kind && manifest.metadata.name === name);
}

function namesOf(manifests: readonly AnyManifest[], kind: string): string {
  const names = manifests.filter((manifest) => manifest.kind === kind).map(({ metadata }) => metadata.name);
  return names.length > 0 ? `one of ${names.join(', ')}` : `a ${kind} in the set`;
}

/** The one namespace of the set; `default` where nothing names one, as for kubectl. */
export function namespaceOf(manifests: readonly AnyManifest[]): string {
  return manifests.find(({ kind }) => kind !== 'Namespace')?.metadata.namespace ?? 'default';
}
