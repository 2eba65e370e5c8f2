import { dirname, join } from 'node:path';
import { toError } from '../../events/errors.ts';
import { sentenceOf } from '../../events/issues.ts';
import { operationsSchema, patchJson } from './json-patch.ts';
import type { Kustomization, Target } from './kustomization.ts';
import { parseYaml, readYaml } from './read.ts';
import { refuse } from './refuse.ts';
import { isFields, isObject, type KubernetesObject, type Resource } from './resource.ts';
import { mergeStrategically } from './strategic-merge.ts';
import { matches } from './target.ts';

/** The resources after the patches of a kustomization, one after the other as they stand there. */
export async function applyPatches(
  resources: readonly Resource[],
  { patches, file }: Kustomization & { readonly file: string },
): Promise<Resource[]> {
  let current = [...resources];
  for (const [index, { path, patch, target }] of patches.entries()) {
    const place = `patches.${index}`;
    if ((path === undefined) === (patch === undefined)) throw refuse(file, `${place}: expected either path or patch`);
    const origin = path === undefined ? file : join(dirname(file), path);
    const documents = patch === undefined ? await readYaml(origin) : parseYaml(patch, file);
    for (const document of documents) {
      try {
        current = Array.isArray(document)
          ? applyOperations(current, document, target)
          : applyMerge(current, document, target);
      } catch (cause) {
        throw refuse(file, `${place}: ${toError(cause).message}`, { cause });
      }
    }
  }
  return current;
}

function applyOperations(resources: readonly Resource[], document: unknown, target: Target | undefined): Resource[] {
  if (!target) throw new Error('operations without a target: expected target.kind and target.name');
  const parsed = operationsSchema.safeParse(document);
  if (!parsed.success) throw new Error(sentenceOf(parsed.error, document));
  for (const { object } of resources.filter((resource) => matches(resource, target))) patchJson(object, parsed.data);
  return [...resources];
}

function applyMerge(resources: readonly Resource[], document: unknown, target: Target | undefined): Resource[] {
  if (!isFields(document)) throw new Error('expected an object or a list of operations');
  if (target) {
    const { metadata: _metadata, ...rest } = document;
    const { name: _name, namespace: _namespace, ...metadata } = isFields(_metadata) ? _metadata : {};
    const patch = Object.keys(metadata).length === 0 ? rest : { ...rest, metadata };
    return resources.flatMap((resource) => (matches(resource, target) ? merge(resource, patch) : [resource]));
  }
  if (!isObject(document)) throw new Error('a patch without a target: expected apiVersion, kind and metadata.name');
  const found = resources.filter((resource) => isNamed(resource, document));
  if (found.length !== 1) {
    throw new Error(`${found.length} objects are ${document.kind} ${document.metadata.name}: expected one`);
  }
  const { name: _name, namespace: _namespace, ...metadata } = document.metadata;
  return resources.flatMap((resource) =>
    resource === found[0] ? merge(resource, { ...document, metadata }) : [resource],
  );
}

function merge(resource: Resource, patch: Record<string, unknown>): Resource[] {
  const { apiVersion: _apiVersion, kind: _kind, ...changes } = patch;
  const object = mergeStrategically(resource.object, changes);
  return object === undefined ? [] : [{ ...resource, object }];
}

function isNamed({ object, names }: Resource, { apiVersion, kind, metadata }: KubernetesObject): boolean {
  if (object.apiVersion !== apiVersion || object.kind !== kind) return false;
  return names.some(({ name, namespace }) => name === metadata.name && namespace === metadata.namespace);
}
