import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { makeFolder } from '../manifests.ts';
import { kubeconfigFor } from './server.ts';

/** How the API server misbehaves. */
export interface PodsOptions {
  /** What nobody may do: `list pods`, `watch pods`, `get pods/log`. */
  readonly forbids?: readonly string[];
  /** Answers the first so many requests with 503. */
  readonly unavailable?: number;
  /** Says at once that the first so many watches begin too far back. */
  readonly expireWatches?: number;
}

/** The part of a cluster's API that pods and their logs are read by; what is asked otherwise gets 400. */
export interface PodsApi extends AsyncDisposable {
  readonly url: string;
  readonly kubeconfig: string;
  /** `/path?query` of every request, in order. */
  readonly requests: string[];
  /** A pod with containers `function` and `queue-proxy` that have not been started. */
  add(name: string, labels?: Readonly<Record<string, string>>): void;
  /** Starts its container, again where it has run before. */
  start(name: string): void;
  print(name: string, line: string): void;
  /** Ends its container; the pod stays. */
  finish(name: string): void;
  remove(name: string): void;
  /** Breaks all open connections off; those for logs in the middle of a line. */
  drop(): void;
  /** Ends all open watches and logs as a server does that has had enough. */
  hangUp(): void;
  /** Resolves once a log of the pod, or a watch of pods, is open. */
  opened(what: string): Promise<void>;
}

interface HeldPod {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly lines: { readonly at: number; readonly text: string }[];
  starts: number;
  isRunning: boolean;
}

interface Open {
  readonly what: string;
  readonly response: ServerResponse;
  /** Of a watch. */
  selects?(pod: HeldPod): boolean;
  /** Of a log: the pod, and how many of its lines were written. */
  readonly pod?: HeldPod;
  written: number;
}

const POD_PATH = /^\/api\/v1\/namespaces\/([a-z0-9-]+)\/pods(?:\/([^/]+)\/log)?$/;
const QUERIES: Readonly<Record<string, readonly string[]>> = {
  list: ['labelSelector'],
  watch: ['labelSelector', 'watch', 'resourceVersion', 'timeoutSeconds'],
  get: ['container', 'follow', 'sinceTime'],
};

export async function startPodsApi(namespace: string, options: PodsOptions = {}): Promise<PodsApi> {
  const pods = new Map<string, HeldPod>();
  const open = new Set<Open>();
  const requests: string[] = [];
  const waiting = new Map<() => void, string>();
  let { unavailable = 0, expireWatches = 0 } = options;
  /** What watches are told of; the version of a list is how many changes it has seen, and one. */
  const history: { readonly pod: HeldPod; readonly text: string }[] = [];

  const register = (one: Open) => {
    open.add(one);
    one.response.once('close', () => open.delete(one));
    for (const [settle, what] of waiting) if (what === one.what && waiting.delete(settle)) settle();
  };
  const tellWatches = (type: string, pod: HeldPod) => {
    const text = `${JSON.stringify({ type, object: objectOf(pod, history.length + 2) })}\n`;
    history.push({ pod, text });
    for (const { selects, response } of open) if (selects?.(pod)) response.write(text);
  };
  const end = (one: Open) => {
    open.delete(one);
    one.response.end();
  };
  const flush = (one: Open) => {
    const { pod, response } = one;
    if (!pod) return;
    for (; one.written < pod.lines.length; one.written++) response.write(`${pod.lines[one.written]?.text}\n`);
    if (!pod.isRunning) end(one);
  };
  const flushAll = () => {
    for (const one of open) flush(one);
  };

  const openLog = (pod: HeldPod | undefined, name: string, query: URLSearchParams, response: ServerResponse) => {
    if (!pod) return failure(response, 404, `pods "${name}" not found`);
    const container = query.get('container');
    if (container !== 'function') return failure(response, 400, `container ${container} is not valid for pod ${name}`);
    if (pod.starts === 0)
      return failure(response, 400, `container "function" in pod "${name}" is waiting to start: ContainerCreating`);
    const since = Date.parse(query.get('sinceTime') ?? '');
    if (!Number.isFinite(since)) return failure(response, 400, 'sinceTime: expected RFC 3339');
    response.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders();
    const one: Open = { what: name, response, pod, written: pod.lines.filter(({ at }) => at < since).length };
    register(one);
    flush(one);
  };

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    requests.push(request.url ?? '');
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://test');
    if (unavailable-- > 0) return failure(response, 503, 'the server is currently unable to handle the request');
    if (request.headers.authorization !== 'Bearer secret') return failure(response, 401, 'Unauthorized');
    const [, where, name] = POD_PATH.exec(pathname) ?? [];
    if (request.method !== 'GET' || where === undefined) return failure(response, 404, 'no such resource');
    const verb = name ? 'get' : searchParams.has('watch') ? 'watch' : 'list';
    const right = `${verb} pods${name ? '/log' : ''}`;
    if (options.forbids?.includes(right)) {
      const who = 'User "system:serviceaccount:search:default"';
      const what = `cannot ${verb} resource "${right.split(' ')[1]}" in API group "" in the namespace "${where}"`;
      return failure(response, 403, `pods is forbidden: ${who} ${what}`);
    }
    const stray = [...searchParams.keys()].find((key) => !QUERIES[verb]?.includes(key));
    if (stray !== undefined) return failure(response, 400, `unknown query parameter ${stray}`);
    if (name) return openLog(where === namespace ? pods.get(name) : undefined, name, searchParams, response);
    const [key = '', value] = (searchParams.get('labelSelector') ?? '').split('=');
    const selects = ({ labels }: HeldPod) => where === namespace && labels[key] === value;
    if (verb === 'list') {
      const version = history.length + 1;
      const items = [...pods.values()].filter(selects).map((pod) => objectOf(pod, version));
      const metadata = { resourceVersion: String(version) };
      return json(response, 200, { kind: 'PodList', apiVersion: 'v1', metadata, items });
    }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    if (expireWatches-- > 0) {
      const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      return void response.write(`${JSON.stringify({ type: 'ERROR', object })}\n`);
    }
    // What has changed since the list is told first.
    const news = history.slice(Number(searchParams.get('resourceVersion')) - 1).filter(({ pod }) => selects(pod));
    response.write(news.map(({ text }) => text).join(''));
    register({ what: 'pods', response, selects, written: 0 });
  };

  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = await makeFolder();
  const kubeconfig = join(folder.path, 'config');
  await writeFile(kubeconfig, kubeconfigFor(url));
  const podOf = (name: string): HeldPod => {
    const pod = pods.get(name);
    if (!pod) throw new Error(`no pod ${name}`);
    return pod;
  };

  return {
    url,
    kubeconfig,
    requests,
    add(name, labels = { 'app.kubernetes.io/name': 'train' }) {
      const pod = { name, labels, lines: [], starts: 0, isRunning: false };
      pods.set(name, pod);
      tellWatches('ADDED', pod);
    },
    start(name) {
      const pod = podOf(name);
      pod.starts += 1;
      pod.isRunning = true;
      // The log is that of the container that runs now.
      pod.lines.length = 0;
      tellWatches('MODIFIED', pod);
    },
    print(name, text) {
      podOf(name).lines.push({ at: Date.now(), text });
      flushAll();
    },
    finish(name) {
      const pod = podOf(name);
      pod.isRunning = false;
      flushAll();
      tellWatches('MODIFIED', pod);
    },
    remove(name) {
      const pod = podOf(name);
      pod.isRunning = false;
      pods.delete(name);
      flushAll();
      tellWatches('DELETED', pod);
    },
    drop() {
      for (const one of open) {
        open.delete(one);
        const { response, pod } = one;
        response.write(pod?.lines.at(-1)?.text.slice(0, -3) ?? '{"half', () => response.socket?.destroy());
      }
    },
    hangUp() {
      for (const one of open) end(one);
    },
    async opened(what) {
      if (![...open].some((one) => one.what === what)) await new Promise<void>((done) => waiting.set(done, what));
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await folder[Symbol.asyncDispose]();
    },
  };
}

function objectOf({ name, labels, starts, isRunning }: HeldPod, version: number) {
  const started = { containerID: `containerd://${name}-${starts}`, restartCount: starts - 1 };
  const state = isRunning ? { running: {} } : starts > 0 ? { terminated: { exitCode: 0 } } : { waiting: {} };
  const container = { name: 'function', state, ...(starts > 0 && started) };
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name, labels, resourceVersion: String(version) },
    status: { containerStatuses: [{ name: 'queue-proxy', state: { waiting: {} } }, container] },
  };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function failure(response: ServerResponse, code: number, message: string): void {
  json(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message });
}
