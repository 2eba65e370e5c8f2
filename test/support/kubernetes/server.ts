import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubernetesObject } from '../../../knative/kustomize/resource.ts';
import { makeValidator, type Validate } from '../crds.ts';
import { type Answer, makeApi, type StandInOptions } from './api.ts';

/** An API server that listens, and a kubeconfig that leads to it. */
export interface StandIn extends AsyncDisposable {
  readonly url: string;
  readonly kubeconfig: string;
  /** The objects by `kind/namespace/name`, as they are now. */
  readonly objects: ReadonlyMap<string, KubernetesObject>;
  /** `PATCH /apis/…?…`, in the order in which they came. */
  readonly requests: readonly string[];
  /** Puts an object there, as another manager of its fields. */
  put(object: KubernetesObject, manager?: string): void;
}

let validator: Promise<Validate | undefined> | undefined;

/** Starts a stand-in for the API server of a cluster with Knative, on a port of its own. */
export async function startKubernetes(options: StandInOptions = {}): Promise<StandIn> {
  validator ??= makeValidator();
  const validate = await validator;
  const api = makeApi(options, validate);
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    void readAll(request).then((body) => {
      const { code, body: answer }: Answer = api.handle(request, body);
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = await mkdtemp(join(tmpdir(), 'xorflow-kubernetes-'));
  const kubeconfig = join(folder, 'config');
  await writeFile(kubeconfig, kubeconfigFor(url));
  return {
    url,
    kubeconfig,
    objects: api.objects,
    requests,
    put: api.put,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A kubeconfig with two contexts: `test`, the current one, and `other`, of a user without a token. */
export function kubeconfigFor(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [
      { name: 'jane', user: { token: 'secret' } },
      { name: 'nobody', user: {} },
    ],
    contexts: [
      { name: 'test', context: { cluster: 'c', user: 'jane' } },
      { name: 'other', context: { cluster: 'c', user: 'nobody' } },
    ],
    'current-context': 'test',
  });
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}
