import * as models from '@kubernetes/client-node';
import { z } from 'zod';
import { sentencesOf } from '../../../events/manifest-issues.ts';
import { API_SERVER_SOURCE, at, type Fields, JOB_SINK, typeOf } from './set.ts';

/** Kinds of Kubernetes itself, by their models in its client. */
const CORE: Readonly<Record<string, string>> = {
  'v1/Namespace': 'V1Namespace',
  'v1/ConfigMap': 'V1ConfigMap',
  'v1/Secret': 'V1Secret',
  'v1/Service': 'V1Service',
  'v1/ServiceAccount': 'V1ServiceAccount',
  'apps/v1/Deployment': 'V1Deployment',
  'apps/v1/StatefulSet': 'V1StatefulSet',
  'batch/v1/Job': 'V1Job',
  'networking.k8s.io/v1/NetworkPolicy': 'V1NetworkPolicy',
  'rbac.authorization.k8s.io/v1/Role': 'V1Role',
  'rbac.authorization.k8s.io/v1/RoleBinding': 'V1RoleBinding',
};

const labels = z.record(z.string(), z.string());
const metadata = z.strictObject({
  name: z.string(),
  namespace: z.string().optional(),
  labels: labels.optional(),
  annotations: labels.optional(),
});
const names = z.array(z.string()).min(1);

function customSchema(spec: z.ZodType) {
  return z.strictObject({ apiVersion: z.string(), kind: z.string(), metadata, spec });
}

/** Custom kinds whose schemas are in no folder: the fields that this project uses. */
const CUSTOM: Readonly<Record<string, z.ZodType>> = {
  'security.istio.io/v1/AuthorizationPolicy': customSchema(
    z.strictObject({
      selector: z.strictObject({ matchLabels: labels }),
      action: z.enum(['ALLOW', 'DENY']),
      rules: z.array(
        z.strictObject({
          from: z.array(z.strictObject({ source: z.strictObject({ namespaces: names }) })),
          to: z.array(z.strictObject({ operation: z.strictObject({ methods: names, paths: names }) })),
        }),
      ),
    }),
  ),
  [API_SERVER_SOURCE]: customSchema(
    z.strictObject({
      serviceAccountName: z.string(),
      mode: z.enum(['Resource', 'Reference']),
      resources: z
        .array(
          z.strictObject({
            apiVersion: z.string(),
            kind: z.string(),
            selector: z.strictObject({ matchLabels: labels }),
          }),
        )
        .min(1),
      sink: z.strictObject({ ref: z.strictObject({ apiVersion: z.string(), kind: z.string(), name: z.string() }) }),
    }),
  ),
  'eventing.knative.dev/v1alpha1/RabbitmqBrokerConfig': customSchema(
    z.strictObject({
      rabbitmqClusterReference: z
        .strictObject({
          name: z.string().optional(),
          namespace: z.string().optional(),
          connectionSecret: z.strictObject({ name: z.string() }).optional(),
        })
        .refine((ref) => (ref.name === undefined) !== (ref.connectionSecret === undefined), 'expected one of both'),
      queueType: z.enum(['quorum', 'classic']),
    }),
  ),
};

const KNATIVE = /^(?:serving|eventing|sources|sinks)\.knative\.dev\//;

/** Whether the published schemas are what an object of Knative's is tested with. */
export function hasPublishedSchema(document: Fields): boolean {
  return KNATIVE.test(typeOf(document)) && !(typeOf(document) in CUSTOM);
}

/** What is wrong with the fields of an object; of Knative's kinds, only what their schemas leave open. */
export function objectionsToObject(document: Fields): string[] {
  const type = typeOf(document);
  const schema = CUSTOM[type];
  if (schema) {
    const parsed = schema.safeParse(document);
    return parsed.success ? [] : sentencesOf(parsed.error, document, schema).map(({ sentence }) => sentence);
  }
  const model = CORE[type];
  if (model) return objectionsTo(document, model, '');
  if (type === JOB_SINK) return objectionsTo(at(document, 'spec', 'job'), 'V1JobTemplateSpec', 'spec.job');
  return hasPublishedSchema(document) ? [] : [`unknown kind ${type}`];
}

const ITEMS = /^(?:Array<(.+)>|Set<(.+)>)$/;
const VALUES = /^\{ \[key: string\]: (.+); \}$/;

/** What in a value is not as the model of that name says: unknown fields and wrong types, by their paths. */
function objectionsTo(value: unknown, type: string, path: string): string[] {
  const item = ITEMS.exec(type);
  if (item) {
    if (!Array.isArray(value)) return [`${path}: expected a list`];
    return value.flatMap((entry, index) => objectionsTo(entry, item[1] ?? item[2] ?? '', `${path}.${index}`));
  }
  const values = VALUES.exec(type)?.[1];
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (values) {
    if (!isObject) return [`${path}: expected fields`];
    return Object.entries(value).flatMap(([key, entry]) => objectionsTo(entry, values, `${path}.${key}`));
  }
  if (['string', 'number', 'boolean'].includes(type)) {
    const isRight = type === typeof value;
    return isRight ? [] : [`${path}: expected a ${type}, not ${JSON.stringify(value)}`];
  }
  if (type === 'IntOrString') return ['string', 'number'].includes(typeof value) ? [] : [`${path}: ${typeof value}`];
  const fields = fieldsOf(type);
  if (fields === undefined) return [];
  if (!isObject) return [`${path}: expected fields`];
  return Object.entries(value).flatMap(([key, entry]) => {
    const field = `${path}${path && '.'}${key}`;
    const known = fields.get(key);
    return known === undefined ? [`${field}: no such field`] : objectionsTo(entry, known, field);
  });
}

/** The fields of a model and their types; undefined for what is no model, such as a date. */
function fieldsOf(type: string): Map<string, string> | undefined {
  const model = (models as unknown as Record<string, { getAttributeTypeMap?(): { baseName: string; type: string }[] }>)[
    type
  ];
  const attributes = model?.getAttributeTypeMap?.();
  return attributes && new Map(attributes.map(({ baseName, type: of }) => [baseName, of]));
}
