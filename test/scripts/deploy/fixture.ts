import { join } from 'node:path';
import type { KubernetesObject } from '../../../knative/kustomize/resource.ts';
import { type Choices, toChoices } from '../../../scripts/deploy/choices.ts';
import { openCluster } from '../../../scripts/deploy/cluster.ts';
import { type Deployment, type DeployOptions, deploy } from '../../../scripts/deploy/deploy.ts';
import { makePlan, type Plan } from '../../../scripts/deploy/plan.ts';
import type { StandIn } from '../../support/kubernetes/server.ts';
import { brokerYaml, makeFolder, serviceYaml, sinkBindingYaml, triggerYaml } from '../../support/manifests.ts';

const LABELLED = `
labels:
  - pairs:
      app.kubernetes.io/part-of: xorflow
`;

const JOB_SINK = `apiVersion: sinks.knative.dev/v1alpha1
kind: JobSink
metadata:
  name: train-job
spec:
  job:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: function
              image: xorflow
              env:
                - name: XORFLOW_STORE
                  valueFrom: { secretKeyRef: { name: xorflow-store, key: url } }`;

const component = (text: string) => `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n${text}`;

const brokerComponent = (name: string, brokerClass: string) => ({
  [`components/broker-${name}/kustomization.yaml`]: component(`resources: [config.yaml]
patches:
  - target: { kind: Broker }
    patch: |
      metadata:
        annotations:
          eventing.knative.dev/broker.class: ${brokerClass}
      spec:
        config: { apiVersion: v1, kind: ConfigMap, name: broker-${name} }
`),
  [`components/broker-${name}/config.yaml`]: `apiVersion: v1
kind: ConfigMap
metadata:
  name: broker-${name}
  labels: { app.kubernetes.io/part-of: xorflow }
data: { a: b }
`,
});

/** The manifests in small, laid out as the project's are. */
const FILES: Readonly<Record<string, string>> = {
  'base/kustomization.yaml': `namespace: xorflow\nresources: [all.yaml]${LABELLED}`,
  'base/all.yaml': [
    'apiVersion: v1\nkind: Namespace\nmetadata: { name: xorflow }',
    triggerYaml('record', 'gateway'),
    JOB_SINK,
    serviceYaml('gateway'),
    sinkBindingYaml,
    brokerYaml,
  ].join('\n---\n'),
  'overlays/plain/kustomization.yaml': 'namespace: xorflow\nresources: [../../base]\n',
  'overlays/guest/kustomization.yaml':
    'namespace: xorflow\nresources: [../../base]\npatches: [{ target: { kind: Namespace }, patch: "{$patch: delete}" }]\n',
  'overlays/platform/kustomization.yaml': 'resources: [policy.yaml]\n',
  'overlays/platform/policy.yaml': `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: gate
  namespace: istio-system
  labels: { app.kubernetes.io/part-of: xorflow }
spec:
  podSelector: {}
  ingress:
    - from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: xorflow } } }]
`,
  ...brokerComponent('imc', 'MTChannelBasedBroker'),
  ...brokerComponent('kafka', 'Kafka'),
  ...brokerComponent('rabbitmq', 'RabbitMQBroker'),
  'components/redis/kustomization.yaml': component(`resources: [redis.yaml]
secretGenerator:
  - name: xorflow-store
    envs: [redis.env]
    options: { disableNameSuffixHash: true, labels: { app.kubernetes.io/part-of: xorflow } }
`),
  'components/redis/redis.yaml': `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: redis
  labels: { app.kubernetes.io/part-of: xorflow }
spec:
  serviceName: redis
  selector: { matchLabels: { app: redis } }
  template:
    metadata: { labels: { app: redis } }
    spec:
      containers: [{ name: redis, image: "redis:8" }]
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce] }
---
apiVersion: v1
kind: Service
metadata:
  name: redis
  labels: { app.kubernetes.io/part-of: xorflow }
spec: { clusterIP: None }
`,
};

/** The small manifests in a folder of their own, and the overlays in it. */
export async function makeManifestTree() {
  const folder = await makeFolder(FILES);
  const overlay = (name: string) => join(folder.path, 'overlays', name);
  return { path: folder.path, overlay, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

export const IMAGE = 'registry.example/xorflow:1.0';

/** A plan of the small manifests. */
export async function planOf(options: Partial<Choices> & { readonly overlayName?: string } = {}): Promise<Plan> {
  await using tree = await makeManifestTree();
  const { overlayName = 'plain', ...rest } = options;
  const choices = toChoices({ overlay: tree.overlay(overlayName), image: IMAGE });
  return await makePlan({ ...choices, ...rest });
}

/** Deploys to a stand-in as the command does; the lines of its progress are in `said`. */
export async function deployTo(
  kubernetes: StandIn,
  plan: Plan,
  options: Partial<DeployOptions> & { readonly context?: string } = {},
): Promise<Deployment & { readonly said: readonly string[] }> {
  const said: string[] = [];
  const { context, ...rest } = options;
  const { signal } = new AbortController();
  const cluster = await openCluster({ kubeconfig: kubernetes.kubeconfig, ...(context && { context }) }, signal);
  const defaults = { timeoutMs: 10_000, force: false, signal, say: (text: string) => void said.push(text) };
  return { ...(await deploy(cluster, plan, { ...defaults, ...rest })), said };
}

export const NAMESPACE: KubernetesObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'xorflow' } };

/** What was applied, as `triggers/record`. */
export const patched = ({ requests }: StandIn) =>
  requests.filter((request) => request.startsWith('PATCH')).map((request) => /\/([^/]+\/[^/]+)\?/.exec(request)?.[1]);
