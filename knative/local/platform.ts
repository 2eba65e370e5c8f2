import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { XorflowError } from '../../events/errors.ts';
import { type LocalBroker, startBroker } from './broker.ts';
import { toBrokers, toTriggers } from './broker-specs.ts';
import { startChild } from './child-process.ts';
import { environmentOf } from './environment.ts';
import { loadDefinition, startInProcess } from './in-process.ts';
import { openJobs } from './jobs.ts';
import { lockFolder } from './lock.ts';
import { loadManifests } from './manifests.ts';
import { makeRecord, type PlatformLogEvent, type RecordEntry } from './platform-log.ts';
import { type Post, post } from './post.ts';
import type { Destination } from './schema/parts.ts';
import { openService, type ServedFunction, toSettings } from './serving.ts';
import { type Topology, toTopology } from './topology.ts';

export type { PlatformLogEvent } from './platform-log.ts';

export interface PlatformOptions {
  /** The folder with `kustomization.yaml`. */
  readonly manifests: string;
  /** Where everything that outlives the platform is kept, such as `.xorflow`. */
  readonly data: string;
  /** Fixed ports of Services' addresses, by name; the others get free ones. */
  readonly ports?: Readonly<Record<string, number>>;
  /** Where the Services with fixed ports listen; everything else stays on loopback. */
  readonly host?: string;
  /** What is not in the manifests, by name and key; unless told otherwise, `xorflow-store` is a folder of the data. */
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Functions run in this process, or each in one of its own. */
  readonly isolation?: 'in-process' | 'process';
  readonly log: (event: PlatformLogEvent) => void;
  /** For every function, below what its manifest says. */
  readonly env?: Readonly<Record<string, string>>;
  /** What the manifests' commands are relative to: the project's folder, unless told otherwise. */
  readonly root?: string;
}

/** The manifests, running on this machine. */
export interface Platform extends AsyncDisposable {
  readonly namespace: string;
  /** Where to post events for the first Broker of the manifests. */
  readonly brokerUrl: string;
  /** @throws XorflowError `NOT_FOUND` for a Service that is not in the manifests */
  urlOf(service: string): string;
  /** Resolves when no event is on its way and none is waiting. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Brings up what a folder of manifests describes: Services, JobSinks, Brokers, Triggers, SinkBindings and sources. What has been started is
 * closed again when anything fails.
 *
 * @throws XorflowError `INVALID_MANIFEST`, `STORE_LOCKED`, `STORE_UNAVAILABLE`, `PORT_IN_USE`; or what a function's start threw
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const started = performance.now();
  const record = makeRecord(options.log);
  const topology = toTopology(await loadManifests(resolve(options.manifests)));
  for (const entry of topology.ignored) record({ name: 'manifest:ignored', ...entry });
  refuseUnknownPorts(options.ports ?? {}, topology);
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const lock = await lockFolder(options.data);
    closers.push(() => lock.release());
    const { served, broker } = await start(topology, options, record, closers);
    const brokerUrl = urlOfBroker(topology, broker);
    const urlOf = (name: string) => urlOfService(served, name);
    await lock.announce(served.has('gateway') ? urlOf('gateway') : brokerUrl);
    record({ name: 'platform:started', brokerUrl, ms: performance.now() - started });
    let closed: Promise<void> | undefined;
    const stop = async () => {
      const stopping = performance.now();
      await close();
      record({ name: 'platform:stopped', ms: performance.now() - stopping });
    };
    const platform = {
      namespace: topology.namespace,
      brokerUrl,
      urlOf,
      idle: () => broker.idle(),
      close: () => (closed ??= stop()),
    };
    return { ...platform, [Symbol.asyncDispose]: platform.close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Served = ReadonlyMap<string, ServedFunction>;

/**
 * Addresses first, then the broker, then the functions: a function needs the broker's URL, and what the broker sends again
 * waits at an address until its function is ready.
 */
async function start(
  topology: Topology,
  options: PlatformOptions,
  record: RecordEntry,
  closers: (() => Promise<void>)[],
): Promise<{ served: Served; broker: LocalBroker }> {
  const { namespace, services } = topology;
  const root = options.root ?? PROJECT;
  const isProcess = options.isolation === 'process';
  const fileOf = (service: Topology['services'][number]) => resolve(root, toSettings(service).file);
  // Their errors are told by the start below.
  if (!isProcess) for (const service of services) loadDefinition(fileOf(service)).catch(() => undefined);

  const late: { broker?: LocalBroker } = {};
  const inProcess = startInProcess((sink, message) => late.broker?.take(sink, message));
  const serving = { start: isProcess ? startChild : inProcess, record };
  const addresses: ServedFunction[] = [];
  // All at once: each may need its whole grace.
  closers.push(async () => {
    await Promise.all(addresses.map((one) => one.close()));
  });
  const opened = await settle(
    services.map(async (service) => {
      const { name } = service.metadata;
      const port = options.ports?.[name];
      const address = port === undefined ? {} : { port, host: options.host ?? '127.0.0.1' };
      const one = await openService(toSettings(service), { ...serving, ...address });
      addresses.push(one);
      return one;
    }),
  );
  const served = new Map(opened.map((one) => [one.service, one]));

  const jobs = await openJobs(topology, { data: resolve(options.data), root, record });
  closers.push(() => jobs.close());

  const resolveUrl = ({ ref, uri }: Destination): string => {
    const base = ref && urlOfRef(ref);
    return uri === undefined ? (base ?? '') : new URL(uri, base).href;
  };
  function urlOfRef({ kind, name }: NonNullable<Destination['ref']>): string | undefined {
    if (kind === 'Broker') return late.broker?.urlOf(namespace, name);
    return kind === 'JobSink' ? jobs.urlOf(name) : urlOfService(served, name);
  }
  const journal = resolve(options.data, 'broker');
  const broker = await startBroker(toBrokers(topology, resolveUrl), toTriggers(topology, resolveUrl), {
    journal,
    log: options.log,
    ...(!isProcess && { post: handOverTo(opened) }),
  });
  late.broker = broker;
  // First to close: what it has not delivered yet stays in its journal instead of failing at closed functions.
  closers.push(() => broker.close());

  const secrets = { 'xorflow-store': { url: `embedded:${resolve(options.data, 'store')}` }, ...options.secrets };
  const sources = {
    secrets,
    extra: options.env ?? {},
    sinkOf: (binding: Topology['bindings'][number]) => resolveUrl(binding.spec.sink),
  };
  await settle(
    services.map((service) =>
      served.get(service.metadata.name)?.launch(fileOf(service), environmentOf(service, topology, sources)),
    ),
  );
  await jobs.launch(sources, ({ spec }) => resolveUrl(spec.sink));
  return { served, broker };
}

/** Events for functions of this process are handed over; all others are posted. */
function handOverTo(functions: readonly ServedFunction[]): Post {
  const near = new Map(functions.map(({ url, handOver }) => [url, handOver]));
  return (target, options) => near.get(target)?.(options) ?? post(target, options);
}

/** Waits for all of them, so that nothing is still starting when what has started is closed. */
async function settle<T>(tasks: readonly (T | Promise<T>)[]): Promise<T[]> {
  const results = await Promise.allSettled(tasks);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

function urlOfBroker({ namespace, brokers }: Topology, broker: LocalBroker): string {
  const [first] = brokers;
  return first ? broker.urlOf(namespace, first.metadata.name) : broker.url;
}

function urlOfService(served: Served, name: string): string {
  const found = served.get(name);
  if (found) return found.url;
  throw new XorflowError('NOT_FOUND', `No Service "${name}": expected one of ${[...served.keys()].join(', ')}`);
}

function refuseUnknownPorts(ports: Readonly<Record<string, number>>, { services }: Topology): void {
  const names = services.map(({ metadata }) => metadata.name);
  const unknown = Object.keys(ports).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new XorflowError('INVALID_ARGUMENT', `No Service "${unknown}" for a port: expected one of ${names.join(', ')}`);
}
