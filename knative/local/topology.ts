import type { z } from 'zod';
import { sentencesOf } from '../../events/manifest-issues.ts';
import { NOT_ENFORCED, withoutIgnored } from './ignored.ts';
import type { RawManifest } from './manifests.ts';
import { Problems } from './problems.ts';
import { type Checked, namespaceOf, resolveReferences } from './references.ts';
import type { ApiServerSourceManifest } from './schema/api-server-source.ts';
import type { BrokerManifest } from './schema/broker.ts';
import type { JobSinkManifest } from './schema/job-sink.ts';
import { KINDS } from './schema/kinds.ts';
import type { ServiceManifest } from './schema/service.ts';
import type { SinkBindingManifest } from './schema/sink-binding.ts';
import type { TriggerManifest } from './schema/trigger.ts';
import type { ConfigMapManifest, SecretManifest } from './schema/values.ts';
import { at, objectionsTo } from './schema/webhook.ts';

/** What was left out of account, and why. */
export interface Ignored {
  /** `file:line`. */
  readonly place: string;
  /** `service/train spec.template.spec.containers.0.image`, or the object alone. */
  readonly field: string;
  readonly reason: string;
}

/** A set of manifests that the interpreter honours as a whole: checked field by field, every reference resolved. */
export interface Topology {
  readonly namespace: string;
  readonly brokers: readonly BrokerManifest[];
  readonly triggers: readonly TriggerManifest[];
  readonly services: readonly ServiceManifest[];
  readonly bindings: readonly SinkBindingManifest[];
  readonly jobSinks: readonly JobSinkManifest[];
  readonly sources: readonly ApiServerSourceManifest[];
  readonly configMaps: readonly ConfigMapManifest[];
  readonly secrets: readonly SecretManifest[];
  readonly ignored: readonly Ignored[];
}

/**
 * Checks every document against the schema of its kind, and the set as a whole.
 *
 * @throws XorflowError `INVALID_MANIFEST` with a line for each field that is wrong or not honoured, each reference that leads nowhere
 */
export function toTopology(documents: readonly RawManifest[]): Topology {
  const problems = new Problems();
  const ignored: Ignored[] = [];
  const checked = documents.flatMap((raw) => check(raw, problems, ignored));
  problems.throwIfAny();
  refuseTwins(checked, problems);
  resolveReferences(checked, problems);
  problems.throwIfAny();
  const manifests = checked.map(({ manifest }) => manifest);
  return {
    namespace: namespaceOf(manifests),
    brokers: manifests.filter((manifest) => manifest.kind === 'Broker'),
    triggers: manifests.filter((manifest) => manifest.kind === 'Trigger'),
    services: manifests.filter((manifest) => manifest.kind === 'Service'),
    bindings: manifests.filter((manifest) => manifest.kind === 'SinkBinding'),
    jobSinks: manifests.filter((manifest) => manifest.kind === 'JobSink'),
    sources: manifests.filter((manifest) => manifest.kind === 'ApiServerSource'),
    configMaps: manifests.filter((manifest) => manifest.kind === 'ConfigMap'),
    secrets: manifests.filter((manifest) => manifest.kind === 'Secret'),
    ignored,
  };
}

function check(raw: RawManifest, problems: Problems, ignored: Ignored[]): Checked[] {
  const apiVersion = String(at(raw.document, ['apiVersion']));
  const kind = String(at(raw.document, ['kind']));
  const title = `${kind.toLowerCase()}/${String(at(raw.document, ['metadata', 'name']))}`;
  const reason = NOT_ENFORCED[`${apiVersion.includes('/') ? apiVersion.split('/', 1)[0] : apiVersion}/${kind}`];
  if (reason !== undefined) {
    ignored.push({ place: raw.place([]), field: title, reason });
    return [];
  }
  const schema = KINDS[`${apiVersion}/${kind}`];
  if (schema === undefined) {
    problems.add(raw.place(['kind']), `${title} ${apiVersion} ${kind}: not supported locally`);
    return [];
  }
  if (kind === 'Service') {
    for (const { path, message } of objectionsTo(raw.document)) {
      const value = JSON.stringify(at(raw.document, path));
      problems.add(raw.place(path), `${title}: Wrong value ${value} at ${path.join('.')}: ${message}`);
    }
  }
  const stripped = withoutIgnored(kind, raw.document);
  for (const { path, reason: why } of stripped.ignored) {
    ignored.push({ place: raw.place([]), field: `${title} ${path}`, reason: why });
  }
  const parsed = schema.safeParse(stripped.document);
  if (parsed.success) return [{ manifest: parsed.data, title, place: raw.place }];
  report(parsed.error, stripped.document, schema, { title, raw, problems });
  return [];
}

function report(
  error: z.ZodError,
  document: unknown,
  schema: z.ZodType,
  about: { title: string; raw: RawManifest; problems: Problems },
): void {
  for (const { path, sentence } of sentencesOf(error, document, schema)) {
    const isField = sentence.includes(': not supported locally');
    about.problems.add(about.raw.place(path), `${about.title}${isField ? '' : ':'} ${sentence}`);
  }
}

function refuseTwins(checked: readonly Checked[], problems: Problems): void {
  const seen = new Map<string, Checked>();
  for (const entry of checked) {
    const twin = seen.get(entry.title);
    if (twin) problems.add(entry.place([]), `${entry.title}: there is one already at ${twin.place([])}`);
    seen.set(entry.title, entry);
  }
}
