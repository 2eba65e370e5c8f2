import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type LocalBroker, startBroker } from '../../knative/local/broker.ts';
import { toBrokers, toTriggers } from '../../knative/local/broker-specs.ts';
import { environmentOf } from '../../knative/local/environment.ts';
import { loadManifests } from '../../knative/local/manifests.ts';
import { toSettings } from '../../knative/local/serving.ts';
import { toTopology } from '../../knative/local/topology.ts';
import { freePort } from './redis.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Every function of the manifests, several times, each a process of its own; they share a store and a broker. */
export interface Fleet extends AsyncDisposable {
  readonly broker: LocalBroker;
  /** Where to post events. */
  readonly brokerUrl: string;
  /** Where requests to a Service go, to each of its processes in turn. */
  urlOf(service: string): string;
  /** `kill -9` of one process; another one takes its place. */
  kill(service: string, index: number): Promise<void>;
}

interface FleetOptions {
  /** The URL of the store. */
  readonly store: string;
  /** For the broker's journal. */
  readonly data: string;
  /** For every function. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Two of each: what the platform cannot do on one machine, where it runs each Service once. */
export async function startFleet({ store, data, env: extra }: FleetOptions, count = 2): Promise<Fleet> {
  const topology = toTopology(await loadManifests(join(ROOT, 'knative/base')));
  const { namespace } = topology;
  const services = new Map<string, { file: string; ports: number[]; processes: ChildProcess[]; proxy: Server }>();
  for (const manifest of topology.services) {
    const ports = await Promise.all(Array.from({ length: count }, freePort));
    const file = join(ROOT, toSettings(manifest).file);
    services.set(manifest.metadata.name, { file, ports, processes: [], proxy: await openProxy(ports) });
  }
  const of = (name = '') => {
    const found = services.get(name);
    if (!found) throw new Error(`No Service ${name} in the manifests`);
    return found;
  };
  const urlOf = (name?: string) => `http://127.0.0.1:${(of(name).proxy.address() as AddressInfo).port}`;
  const late: { brokerUrl: string } = { brokerUrl: '' };
  const resolveUrl: Parameters<typeof toTriggers>[1] = ({ ref }) =>
    ref?.kind === 'Broker' ? late.brokerUrl : urlOf(ref?.name);
  const broker = await startBroker(toBrokers(topology, resolveUrl), toTriggers(topology, resolveUrl), {
    journal: join(data, 'broker'),
    log: () => undefined,
  });
  late.brokerUrl = broker.urlOf(namespace, 'default');

  const launch = async (name: string, index: number) => {
    const { file, ports, processes } = of(name);
    const manifest = topology.services.find(({ metadata }) => metadata.name === name);
    if (!manifest) return;
    const env = environmentOf(manifest, topology, {
      secrets: { 'xorflow-store': { url: store } },
      extra: { LOG_LEVEL: 'silent', ...extra },
      sinkOf: () => late.brokerUrl,
    });
    const port = ports[index];
    const child = spawn(process.execPath, [file], { env: { ...env, PORT: String(port) }, stdio: 'ignore' });
    processes[index] = child;
    while (!(await answers(`http://127.0.0.1:${port}/health/readiness`))) {
      if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
      if (child.signalCode !== null) return;
      await sleep(20);
    }
  };
  const killAll = () => {
    for (const { processes } of services.values()) for (const child of processes) child.kill('SIGKILL');
  };
  process.on('exit', killAll);
  const fleet: Fleet = {
    broker,
    brokerUrl: late.brokerUrl,
    urlOf,
    async kill(name, index) {
      const child = of(name).processes[index];
      if (!child) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      await launch(name, index);
    },
    async [Symbol.asyncDispose]() {
      killAll();
      process.off('exit', killAll);
      await broker.close();
      for (const { proxy } of services.values()) proxy.close().closeAllConnections();
    },
  };
  try {
    await Promise.all(
      [...services.keys()].flatMap((name) => Array.from({ length: count }, (_, at) => launch(name, at))),
    );
    return fleet;
  } catch (error) {
    await fleet[Symbol.asyncDispose]();
    throw error;
  }
}

/** Passes each request on to the next of several ports; 503 where nobody listens, or somebody dies over it. */
async function openProxy(ports: readonly number[]): Promise<Server> {
  let turn = 0;
  const proxy = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const onward = request({
      host: '127.0.0.1',
      port: ports[turn++ % ports.length],
      method,
      path,
      headers,
      agent: false,
    });
    const fail = () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(503).end());
    onward.on('error', fail).on('response', (response) => {
      outgoing.writeHead(response.statusCode ?? 503, response.headers);
      response.on('error', fail).pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return proxy;
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}
