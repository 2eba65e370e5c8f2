import { XorflowError } from '../../events/errors.ts';
import { type Bindable, binds } from './references.ts';
import type { ContainerManifest } from './schema/container.ts';
import type { JobSinkManifest } from './schema/job-sink.ts';
import type { ServiceManifest } from './schema/service.ts';
import type { Topology } from './topology.ts';

type Values = Readonly<Record<string, string>>;
/** Values by the name of the ConfigMap or Secret that holds them. */
export type ValueSets = Readonly<Record<string, Values>>;

export interface EnvironmentSources {
  /** Secrets that the machine supplies; they go before those of the manifests. */
  readonly secrets: ValueSets;
  /** For every function, below the manifest's own. */
  readonly extra: Values;
  /** The URL of where a SinkBinding points. */
  sinkOf(binding: Topology['bindings'][number]): string;
}

/**
 * The environment of a Service's container, but for PORT: what the manifest says, what Serving injects, and what a
 * SinkBinding adds, which wins over the manifest.
 *
 * @throws XorflowError `INVALID_MANIFEST` for a ConfigMap, Secret or key that is not there
 */
export function environmentOf(
  service: ServiceManifest,
  topology: Topology,
  sources: EnvironmentSources,
): Record<string, string> {
  const { name } = service.metadata;
  const [container] = service.spec.template.spec.containers;
  return {
    ...sources.extra,
    ...(container
      ? declared(container, valuesOf(topology, sources.secrets), `service/${name} spec.template.spec`)
      : {}),
    HOST: '127.0.0.1',
    K_SERVICE: name,
    K_CONFIGURATION: name,
    K_REVISION: `${name}-00001`,
    ...boundOf(service, topology, sources),
  };
}

/**
 * The environment of the Jobs of a JobSink, but for where their event is.
 *
 * @throws XorflowError `INVALID_MANIFEST` for a ConfigMap, Secret or key that is not there
 */
export function jobEnvironmentOf(
  jobSink: JobSinkManifest,
  topology: Topology,
  sources: EnvironmentSources,
): Record<string, string> {
  const [container] = jobSink.spec.job.spec.template.spec.containers;
  const title = `jobsink/${jobSink.metadata.name} spec.job.spec.template.spec`;
  return {
    ...sources.extra,
    ...(container ? declared(container, valuesOf(topology, sources.secrets), title) : {}),
    ...boundOf(jobSink, topology, sources),
    K_EXECUTION_MODE: 'batch',
  };
}

function boundOf(manifest: Bindable, topology: Topology, sources: EnvironmentSources): Record<string, string> {
  const binding = topology.bindings.find((candidate) => binds(candidate, manifest));
  if (!binding) return {};
  const { extensions } = binding.spec.ceOverrides ?? {};
  // Both are always set by a binding, the overrides empty where there are none.
  return {
    K_SINK: sources.sinkOf(binding),
    K_CE_OVERRIDES: extensions === undefined ? '' : JSON.stringify({ extensions }),
  };
}

interface Sets {
  readonly Secret: ValueSets;
  readonly ConfigMap: ValueSets;
}

function valuesOf({ secrets, configMaps }: Topology, supplied: ValueSets): Sets {
  const decoded = secrets.map(({ metadata, data = {}, stringData = {} }) => {
    const plain = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]);
    return [metadata.name, { ...Object.fromEntries(plain), ...stringData }];
  });
  return {
    Secret: { ...Object.fromEntries(decoded), ...supplied },
    ConfigMap: Object.fromEntries(configMaps.map(({ metadata, data = {} }) => [metadata.name, data])),
  };
}

function declared({ env = [], envFrom = [] }: ContainerManifest, sets: Sets, title: string): Record<string, string> {
  const place = `${title}.containers.0`;
  const values: Record<string, string> = {};
  for (const [index, { prefix = '', secretRef, configMapRef }] of envFrom.entries()) {
    const kind = secretRef ? 'Secret' : 'ConfigMap';
    const { name, optional = false } = secretRef ?? configMapRef ?? { name: '' };
    const set = sets[kind][name];
    if (set === undefined && !optional) fail(`No ${kind} "${name}" at ${place}.envFrom.${index}`, kind);
    for (const [key, value] of Object.entries(set ?? {})) values[`${prefix}${key}`] = value;
  }
  for (const [index, { name, value, valueFrom }] of env.entries()) {
    const kind = valueFrom?.secretKeyRef ? 'Secret' : 'ConfigMap';
    const ref = valueFrom?.secretKeyRef ?? valueFrom?.configMapKeyRef;
    if (ref === undefined) {
      values[name] = expand(value ?? '', values);
      continue;
    }
    const found = sets[kind][ref.name]?.[ref.key];
    if (found !== undefined) values[name] = found;
    else if (!ref.optional)
      fail(`No key "${ref.key}" in ${kind} "${ref.name}" at ${place}.env.${index}.valueFrom`, kind);
  }
  return values;
}

/** As Kubernetes: `$(NAME)` is an earlier variable, `$$` a dollar; what is unknown stays as it is. */
function expand(text: string, values: Values): string {
  return text.replace(/\$\$|\$\(([^()]+)\)/g, (whole, name?: string) =>
    name === undefined ? '$' : (values[name] ?? whole),
  );
}

function fail(sentence: string, kind: string): never {
  throw new XorflowError(
    'INVALID_MANIFEST',
    `${sentence}: expected a ${kind} of the manifests${kind === 'Secret' ? ', or one that the platform is started with' : ''}`,
  );
}
