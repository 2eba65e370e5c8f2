import type { Target } from './kustomization.ts';
import { groupOf, type Resource } from './resource.ts';

/** Whether an object is one that a patch or a replacement is meant for, by any name that it has had. */
export function matches({ object, names }: Resource, target: Target): boolean {
  const version = object.apiVersion.slice(object.apiVersion.indexOf('/') + 1);
  return (
    fits(target.group, groupOf(object)) &&
    fits(target.version, version) &&
    fits(target.kind, object.kind) &&
    names.some(({ name, namespace }) => fits(target.name, name) && fits(target.namespace, namespace ?? 'default')) &&
    selects(target.labelSelector, object.metadata.labels) &&
    selects(target.annotationSelector, object.metadata.annotations)
  );
}

/** A field of a target is a regular expression for the whole. */
function fits(pattern: string | undefined, text: string): boolean {
  return pattern === undefined || pattern === '' || new RegExp(`^(?:${pattern})$`).test(text);
}

function selects(selector: string | undefined, pairs: Readonly<Record<string, string>> = {}): boolean {
  if (selector === undefined || selector === '') return true;
  return selector.split(',').every((term) => {
    const { key, not, is } =
      /^\s*(?<key>[\w./-]+)\s*(?:(?:(?<not>!)=|==?)\s*(?<is>[\w.-]*)\s*)?$/.exec(term)?.groups ?? {};
    if (key === undefined) {
      throw new Error(`selector ${JSON.stringify(selector)}: expected key, key=value or key!=value`);
    }
    if (is === undefined) return Object.hasOwn(pairs, key);
    return (Object.hasOwn(pairs, key) && pairs[key] === is) !== (not !== undefined);
  });
}
