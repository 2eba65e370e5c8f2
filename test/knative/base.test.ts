import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Ajv } from 'ajv';
import { parse, parseAllDocuments } from 'yaml';
import { CATALOGUE, type EventType } from '../../events/registry.ts';
import type { FunctionDefinition } from '../../functions/host/function.ts';
import { toMilliseconds } from '../../knative/local/duration.ts';
import { loadManifests } from '../../knative/local/manifests.ts';
import { binds } from '../../knative/local/references.ts';
import type { ServiceManifest } from '../../knative/local/schema/service.ts';
import { toSettings } from '../../knative/local/serving.ts';
import { toTopology } from '../../knative/local/topology.ts';

type Fields = Record<string, unknown>;

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BASE = join(ROOT, 'knative/base');
const CRDS = join(ROOT, '../shared/crds');
const COLD_START_MS = 20_000;
const LONGEST_CHAIN_OF_ATTEMPTS_MS = 15 * 60_000;

/** What each function emits, beside experiment.failed, which any of them may. */
const EMITS: Readonly<Record<string, readonly EventType[]>> = {
  generate: ['dataset.generated'],
  scatter: ['samples.plotted'],
  train: ['training.requested', 'model.trained', 'trial.completed'],
  compare: ['models.compared', 'experiment.completed'],
  watchdog: ['experiment.failed'],
  gateway: [],
};

/**
 * Nothing but the record follows these: models.compared tells the result ahead of the summary, which the same function
 * emits with it; searches (trial.*) have no Triggers yet.
 */
const RECORD_ONLY: readonly string[] = ['models.compared', 'trial.requested', 'trial.completed', 'trials.plotted'];

const raw = await loadManifests(BASE);
const { brokers, triggers, services, jobSinks, bindings, namespace } = toTopology(raw);
const documents = raw.map(({ document }) => document as Fields);

function ofKind(kind: string): Fields[] {
  return documents.filter((document) => document.kind === kind);
}

function nameOf(document: unknown): string {
  return (document as { metadata: { name: string } }).metadata.name;
}

/** The value at a path of a manifest, as it stands in the file. */
function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((current, key) => (current as Fields | undefined)?.[key], value);
}

function serviceOf(name: string): ServiceManifest {
  return services.find(({ metadata }) => metadata.name === name) ?? assert.fail(`no Service ${name}`);
}

function subscriberOf(trigger: (typeof triggers)[number]): string {
  return trigger.spec.subscriber.ref?.name ?? assert.fail(`${nameOf(trigger)} has no ref`);
}

const chain = triggers.filter((trigger) => nameOf(trigger) !== 'record');

/** The schemas of the real custom resources, by `apiVersion/kind`; unknown fields are refused where they do not say otherwise. */
async function readCrds(): Promise<Map<string, Fields>> {
  const schemas = new Map<string, Fields>();
  const files = await readdir(CRDS).catch(() => []);
  for (const file of files.filter((name) => name.startsWith('knative-'))) {
    for (const document of parseAllDocuments(await readFile(join(CRDS, file), 'utf8'))) {
      const { spec } = document.toJS() as { spec: { group: string; names: { kind: string }; versions: Fields[] } };
      for (const version of spec.versions) {
        const schema = at(version, 'schema', 'openAPIV3Schema') as Fields;
        schemas.set(`${spec.group}/${String(version.name)}/${spec.names.kind}`, closed(schema));
      }
    }
  }
  return schemas;
}

function closed(schema: Fields): Fields {
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (key === 'properties') {
        return [
          key,
          Object.fromEntries(Object.entries(value as Fields).map(([name, field]) => [name, closed(field as Fields)])),
        ];
      }
      return [key, key === 'items' ? closed(value as Fields) : value];
    }),
  );
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties !== undefined;
  return schema.properties && !isOpen ? { ...inner, additionalProperties: false } : inner;
}

test('every custom resource is valid against the schema that the cluster has for it', async (context) => {
  const schemas = await readCrds();
  if (schemas.size === 0) return context.skip(`no folder ${CRDS}`);
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  for (const document of documents.filter(({ apiVersion }) => String(apiVersion).includes('knative'))) {
    const type = `${String(document.apiVersion)}/${String(document.kind)}`;
    // Its schema is not among those that were handed over.
    if (type.endsWith('/ApiServerSource')) continue;
    const schema = schemas.get(type) ?? assert.fail(`no schema for ${type}`);
    // The API server takes these two itself; the schemas leave them out, or metadata empty.
    const { apiVersion: _version, kind: _kind, metadata: _metadata, ...rest } = document;
    const { apiVersion: _a, kind: _k, metadata: _m, ...properties } = schema.properties as Fields;
    const isValid = ajv.validate({ ...schema, properties }, rest);
    assert.ok(isValid, `${type} ${nameOf(document)}: ${ajv.errorsText(ajv.errors, { dataVar: nameOf(document) })}`);
  }
});

test('a field that the cluster does not know is refused by the schemas that the manifests are tested with', async (context) => {
  const schema = (await readCrds()).get('serving.knative.dev/v1/Service');
  if (schema === undefined) return context.skip(`no folder ${CRDS}`);
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const [service] = ofKind('Service');
  const spec = structuredClone(service?.spec);
  (at(spec, 'template', 'spec', 'containers', 0) as Fields).comand = ['node'];
  assert.equal(ajv.validate(schema, { spec }), false);
  assert.match(ajv.errorsText(), /additional properties/);
});

test('the set is one namespace with one Broker, the six functions, the JobSink and their Triggers', () => {
  assert.equal(namespace, 'xorflow');
  assert.deepEqual(ofKind('Namespace').map(nameOf), ['xorflow']);
  assert.deepEqual(brokers.map(nameOf), ['default']);
  assert.deepEqual(services.map(nameOf), ['generate', 'scatter', 'train', 'compare', 'watchdog', 'gateway']);
  assert.deepEqual(jobSinks.map(nameOf), ['train-long']);
  assert.deepEqual(
    triggers.map(
      (trigger) =>
        `${nameOf(trigger)}: ${Object.entries(trigger.spec.filter?.attributes ?? {}).join(' ')} -> ${subscriberOf(trigger)}`,
    ),
    [
      'generate: type,experiment.requested -> generate',
      'scatter: type,dataset.generated dims,2 -> scatter',
      'train-fan-out: type,dataset.generated -> train',
      'train: type,training.requested tier,service -> train',
      'train-long: type,training.requested tier,job -> train-long',
      'watchdog: type,dev.knative.apiserver.resource.update -> watchdog',
      'compare: type,model.trained -> compare',
      'compare-samples: type,samples.plotted -> compare',
      'record:  -> gateway',
      'watchdog-again: type,dev.knative.apiserver.resource.add -> watchdog',
    ],
  );
});

test('the Broker answers at once, keeps its dead letters, and leaves its class to the cluster', () => {
  const [broker] = ofKind('Broker');
  const annotations = at(broker, 'metadata', 'annotations') as Fields;
  assert.deepEqual(annotations, { 'messaging.knative.dev/async-handler': 'true' });
  const delivery = brokers[0]?.spec?.delivery ?? {};
  assert.equal(delivery.deadLetterSink?.ref?.name, 'gateway');
  for (const field of ['retry', 'backoffPolicy', 'backoffDelay', 'timeout'] as const)
    assert.ok(delivery[field] !== undefined, field);
});

for (const trigger of triggers) {
  const name = nameOf(trigger);
  test(`trigger ${name}: says its whole delivery, waits longer than its function takes, and ends within 15 minutes`, () => {
    const { retry, backoffPolicy, backoffDelay, timeout } = trigger.spec.delivery ?? {};
    assert.ok(
      retry !== undefined && backoffPolicy !== undefined && backoffDelay !== undefined && timeout !== undefined,
    );
    const timeoutMs = toMilliseconds(timeout, name);
    // JobSink answers once the Job is made.
    const isJob = trigger.spec.subscriber.ref?.kind === 'JobSink';
    const longest = isJob ? 0 : toSettings(serviceOf(subscriberOf(trigger))).timeoutMs + COLD_START_MS;
    assert.ok(timeoutMs >= longest, `${timeoutMs} < ${longest}: what runs once would be delivered twice`);
    const waits = Array.from(
      { length: retry },
      (_, attempt) => toMilliseconds(backoffDelay, name) * (backoffPolicy === 'linear' ? attempt : 2 ** attempt),
    );
    const total = (retry + 1) * timeoutMs + waits.reduce((sum, wait) => sum + wait, 0);
    assert.ok(total < LONGEST_CHAIN_OF_ATTEMPTS_MS, `${total} ms`);
  });

  test(`trigger ${name}: filters by attributes only, on types and extensions of the catalogue`, () => {
    assert.equal(trigger.spec.filters, undefined, 'not every broker knows filters');
    const { type, ...extensions } = trigger.spec.filter?.attributes ?? {};
    if (name === 'record') return assert.equal(trigger.spec.filter, undefined);
    if (name.startsWith('watchdog')) return assert.match(type ?? '', /^dev\.knative\.apiserver\.resource\./);
    const definition = CATALOGUE.find((candidate) => candidate.type === type) ?? assert.fail(`no type ${type}`);
    for (const extension of Object.keys(extensions)) assert.ok(extension in definition.extensions, extension);
  });
}

test('every type of an experiment has a Trigger beside the record, except those that end it', () => {
  const triggered = new Set(chain.map((trigger) => trigger.spec.filter?.attributes?.type));
  const missing = CATALOGUE.filter(
    ({ type, terminal }) => !terminal && !triggered.has(type) && !RECORD_ONLY.includes(type),
  );
  assert.deepEqual(
    missing.map(({ type }) => type),
    [],
  );
});

test('no function comes back to a type that led to it', () => {
  const next = new Map<string, Set<string>>();
  for (const trigger of chain) {
    const type = trigger.spec.filter?.attributes?.type ?? '';
    // train answers a dataset with requests and a request with a model, never the other way round.
    const emitted = (EMITS[subscriberOf(trigger)] ?? []).filter((output) =>
      subscriberOf(trigger) === 'train' ? (type === 'dataset.generated') === (output === 'training.requested') : true,
    );
    next.set(type, new Set([...(next.get(type) ?? []), ...emitted]));
  }
  const visit = (type: string, path: readonly string[]): void => {
    assert.ok(!path.includes(type), `${path.join(' -> ')} -> ${type}`);
    for (const following of next.get(type) ?? []) visit(following, [...path, type]);
  };
  visit('experiment.requested', []);
  for (const type of next.keys()) visit(type, []);
});

for (const service of services) {
  const name = nameOf(service);
  const document = ofKind('Service').find((candidate) => nameOf(candidate) === name) ?? assert.fail(name);
  const revision = at(document, 'spec', 'template', 'spec');
  const container = at(revision, 'containers', 0);

  test(`service ${name}: accepts what its Triggers send it`, async () => {
    const file = join(ROOT, `functions/${name}/index.ts`);
    assert.deepEqual(at(container, 'command'), ['node', `functions/${name}/index.ts`]);
    const { definition } = (await import(pathToFileURL(file).href)) as { definition: FunctionDefinition };
    assert.equal(definition.name, name);
    const sent = chain
      .filter((trigger) => subscriberOf(trigger) === name)
      .map((trigger) => trigger.spec.filter?.attributes?.type);
    const { accepts } = definition;
    if (accepts === 'all') return;
    const accepted: readonly string[] = accepts;
    assert.deepEqual(
      sent.filter((type) => !accepted.includes(type ?? '')),
      [],
    );
    assert.deepEqual(
      accepted.filter((type) => !sent.includes(type) && !RECORD_ONLY.includes(type)),
      [],
      'accepted, but never sent',
    );
  });

  test(`service ${name}: runs restricted, with probes and limits, and is not public`, () => {
    assert.equal(at(document, 'metadata', 'labels', 'networking.knative.dev/visibility'), 'cluster-local');
    assert.equal(at(container, 'readinessProbe', 'httpGet', 'path'), '/health/readiness');
    assert.equal(at(container, 'livenessProbe', 'httpGet', 'path'), '/health/liveness');
    for (const kind of ['requests', 'limits']) {
      for (const resource of ['cpu', 'memory'])
        assert.ok(at(container, 'resources', kind, resource), `${kind}.${resource}`);
    }
    const { runAsUser, runAsGroup, ...restricted } = at(container, 'securityContext') as Fields;
    assert.ok(Number(runAsUser) > 0 && Number(runAsGroup) > 0);
    assert.deepEqual(restricted, {
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    });
    assert.equal(at(revision, 'automountServiceAccountToken'), false);
  });

  test(`service ${name}: keeps the limits of Serving and tells the function its concurrency`, () => {
    const timeout = Number(at(revision, 'timeoutSeconds'));
    assert.ok(timeout > 0 && timeout <= 600);
    if (timeout > 300) assert.equal(at(revision, 'responseStartTimeoutSeconds'), timeout);
    const env = at(container, 'env') as { name: string; value?: string }[];
    const told = env.find((entry) => entry.name === 'XORFLOW_CONCURRENCY')?.value;
    assert.equal(told, String(at(revision, 'containerConcurrency')));
    assert.equal(
      env.find((entry) => entry.name === 'HOST')?.value,
      '0.0.0.0',
      'a pod listens on all of its interfaces',
    );
    assert.equal(at(document, 'metadata', 'annotations'), undefined);
    assert.equal(at(document, 'spec', 'template', 'metadata', 'name'), undefined);
  });

  test(`service ${name}: gets K_SINK from exactly one SinkBinding, and its store from the Secret`, () => {
    assert.equal(bindings.filter((binding) => binds(binding, service)).length, 1);
    const env = at(container, 'env') as Fields[];
    const store = env.find((entry) => entry.name === 'XORFLOW_STORE');
    assert.deepEqual(at(store, 'valueFrom', 'secretKeyRef'), { name: 'xorflow-store', key: 'url' });
  });
}

test('every file of the folder is a resource of the kustomization', async () => {
  const { resources } = parse(await readFile(join(BASE, 'kustomization.yaml'), 'utf8')) as { resources: string[] };
  const files = (await readdir(BASE)).filter((file) => file !== 'kustomization.yaml');
  assert.deepEqual([...resources].sort(), files.sort());
});
