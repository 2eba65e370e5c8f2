import type { Kustomization } from './kustomization.ts';
import { refuse } from './refuse.ts';
import { isFields, type KubernetesObject, type Resource } from './resource.ts';
import { matches } from './target.ts';

/** Copies fields of one object into others, as the replacements of a kustomization say. */
export function applyReplacements(
  resources: readonly Resource[],
  { replacements, file }: Kustomization & { readonly file: string },
): void {
  for (const [index, { source, targets }] of replacements.entries()) {
    const place = `replacements.${index}`;
    const { fieldPath, ...wanted } = source;
    const sources = resources.filter((resource) => matches(resource, wanted));
    if (sources.length !== 1) {
      throw refuse(file, `${place}.source: ${sources.length} objects are meant: expected one`);
    }
    const value = sources.reduce<unknown>((_, { object }) => valueAt(object, fieldPath), undefined);
    if (value === undefined) throw refuse(file, `${place}.source: nothing at ${fieldPath}`);
    for (const { select, fieldPaths, options } of targets) {
      const found = resources.filter((resource) => matches(resource, select));
      if (found.length === 0) throw refuse(file, `${place}.targets: no object is meant by ${JSON.stringify(select)}`);
      for (const { object, names } of found) {
        for (const path of fieldPaths) {
          const isSet = setAt(object, stepsOf(path), value, options?.create === true);
          if (!isSet)
            throw refuse(file, `${place}.targets: nothing at ${path} of ${object.kind} ${object.metadata.name}`);
        }
        const { name, namespace } = object.metadata;
        names.push({ name, namespace });
      }
    }
  }
}

/** `a.0.[b.c/d]` -> a, 0, b.c/d. */
function stepsOf(path: string): string[] {
  return (path.match(/\[[^\]]+\]|[^.]+/g) ?? []).map((step) => step.replace(/^\[|\]$/g, ''));
}

function valueAt(object: KubernetesObject, path: string): unknown {
  return stepsOf(path).reduce<unknown>((value, key) => (hasFields(value) ? value[key] : undefined), object);
}

/** An item of a list is found by its number as a field is by its name. */
function hasFields(value: unknown): value is Record<string, unknown> {
  return isFields(value) || Array.isArray(value);
}

function setAt(fields: Record<string, unknown>, path: readonly string[], value: unknown, mayCreate: boolean): boolean {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    if (!mayCreate && !Object.hasOwn(fields, key)) return false;
    fields[key] = structuredClone(value);
    return true;
  }
  if (!hasFields(fields[key])) {
    if (!mayCreate || fields[key] !== undefined) return false;
    fields[key] = {};
  }
  const inner = fields[key];
  return hasFields(inner) && setAt(inner, rest, value, mayCreate);
}
