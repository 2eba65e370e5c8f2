const META = /^\$\{trialSpec\.(?:(?<field>Name|Namespace|Kind|APIVersion)|(?<map>Labels|Annotations)\[(?<key>.+)\])\}$/;

/** How a trialParameter refers to what Katib knows of the trial itself, for people. */
export const META_FORMS = `\${trialSpec.Name}, Namespace, Kind, APIVersion, Labels[key] or Annotations[key]`;

/** What a trialParameter stands for: a hyperparameter, or something of the trial itself. */
export type Reference =
  | { readonly parameter: string }
  | { readonly field: 'Name' | 'Namespace' | 'Kind' | 'APIVersion' }
  | { readonly map: 'labels' | 'annotations'; readonly key: string };

/** Reads `${trialSpec.Name}` and the like; everything else is the name of a parameter, right or wrong. */
export function readReference(text: string): Reference {
  const { field, map, key = '' } = META.exec(text)?.groups ?? {};
  if (field) return { field: field as 'Name' };
  return map ? { map: map === 'Labels' ? 'labels' : 'annotations', key } : { parameter: text };
}
