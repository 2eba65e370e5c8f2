import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A temporary folder that is removed with everything in it when disposed of. */
export interface TempFolder extends AsyncDisposable {
  readonly path: string;
}

/** Makes a temporary folder with the given files, by their paths in it. */
export async function makeFolder(files: Readonly<Record<string, string>> = {}): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), 'xorflow-test-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A folder of manifests: a kustomization in namespace `test`, and all documents in one file. */
export function makeManifests(...documents: readonly string[]): Promise<TempFolder> {
  return makeFolder({
    'kustomization.yaml': 'namespace: test\nresources: [all.yaml]\n',
    'all.yaml': documents.join('\n---\n'),
  });
}

export const brokerYaml = `apiVersion: eventing.knative.dev/v1
kind: Broker
metadata:
  name: default
  annotations:
    messaging.knative.dev/async-handler: "true"
spec:
  delivery:
    retry: 2
    backoffPolicy: exponential
    backoffDelay: PT0.05S
    timeout: PT10S`;

export const sinkBindingYaml = `apiVersion: sources.knative.dev/v1
kind: SinkBinding
metadata:
  name: functions
spec:
  subject:
    apiVersion: serving.knative.dev/v1
    kind: Service
    selector:
      matchLabels:
        emits: events
  sink:
    ref:
      apiVersion: eventing.knative.dev/v1
      kind: Broker
      name: default`;

/** A Service whose function is a fixture; `more` are lines of its container. */
export function serviceYaml(name: string, { container = '', revision = '', labels = 'emits: events' } = {}): string {
  return `apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: ${name}
  labels:
    ${labels}
spec:
  template:
    spec:
      timeoutSeconds: 10
      ${revision}
      containers:
        - image: xorflow
          command: [node, functions/${name}/index.ts]
          readinessProbe:
            httpGet:
              path: /health/readiness
          ${container.replaceAll('\n', '\n          ')}`;
}

/** A Trigger from the Broker \`default\` to a Service; \`spec\` are further lines of its spec. */
export function triggerYaml(name: string, service: string, spec = ''): string {
  return `apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata:
  name: ${name}
spec:
  broker: default
  subscriber:
    ref:
      apiVersion: serving.knative.dev/v1
      kind: Service
      name: ${service}
  ${spec.replaceAll('\n', '\n  ')}`;
}
