import { isFields } from '../../knative/kustomize/resource.ts';
import { META_FORMS, readReference } from './reference.ts';
import type { ExperimentSpec } from './schema.ts';
import { wrongValue } from './sentence.ts';

const TEMPLATE = 'spec.trialTemplate';
const SPEC = `${TEMPLATE}.trialSpec`;

/** What Katib replaces in a template by the trialParameter of that name. */
export const PLACEHOLDER = /\$\{trialParameters\.(.+?)\}/g;
/** What it replaces nowhere but in the reference of a trialParameter. */
const META = /\$\{trialSpec\..*?\}/g;
/** Where hyperparameters go: Katib's wrapper leaves the environment alone. */
const ENV = /\.containers\.\d+\.env\.\d+\.value$/;

/** Whether hyperparameters, trialParameters and the placeholders of the template fit together. */
export function problemsOfPlaceholders(spec: ExperimentSpec): string[] {
  return [...problemsOfReferences(spec), ...problemsOfTemplate(spec)];
}

/** One trialParameter for each parameter: Katib makes no trial, and says nothing, where they do not match. */
function problemsOfReferences({ parameters, trialTemplate }: ExperimentSpec): string[] {
  const { trialParameters, trialSpec } = trialTemplate;
  const names = parameters.map(({ name }) => name);
  const references = trialParameters.map(({ reference }) => reference);
  const own = trialParameters.flatMap(({ name, reference }, index) => {
    const path = `${TEMPLATE}.trialParameters.${index}`;
    const problems: string[] = [];
    if (trialParameters.findIndex((other) => other.name === name) < index) {
      problems.push(wrongValue(name, `${path}.name`, 'every name once'));
    }
    const rule = references.indexOf(reference) < index ? 'every reference once' : ruleOf(reference);
    if (rule !== undefined) problems.push(wrongValue(reference, `${path}.reference`, rule));
    return problems;
  });
  const orphans = names.flatMap((name, index) =>
    references.includes(name)
      ? []
      : [
          wrongValue(
            name,
            `spec.parameters.${index}.name`,
            'a trialParameter that refers to it: without one Katib makes no trial',
          ),
        ],
  );
  return [...own, ...orphans];

  function ruleOf(text: string): string | undefined {
    const reference = readReference(text);
    if ('parameter' in reference) {
      return names.includes(text) ? undefined : `one of ${names.join(', ')}, or ${META_FORMS}`;
    }
    if ('field' in reference) return undefined;
    const { map, key } = reference;
    return trialSpec.metadata?.[map]?.[key] === undefined ? `a key of ${SPEC}.metadata.${map}` : undefined;
  }
}

/** Placeholders that nobody declares, that stand where a shell reads them, or that nothing uses. */
function problemsOfTemplate({ trialTemplate }: ExperimentSpec): string[] {
  const { trialParameters, trialSpec } = trialTemplate;
  const declared = new Map(trialParameters.map(({ name, reference }) => [name, readReference(reference)]));
  const used = new Set<string>();
  const problems = [...textsOf(trialSpec, SPEC)].flatMap(({ text, path }) => {
    const metas = (text.match(META) ?? []).map((found) =>
      wrongValue(found, path, 'a trialParameter that refers to it: Katib replaces it nowhere else'),
    );
    const placeholders = [...text.matchAll(PLACEHOLDER)].flatMap(([found, name = '']) => {
      used.add(name);
      const reference = declared.get(name);
      if (reference === undefined) return [wrongValue(found, path, `one of the trialParameters ${known()}`)];
      return 'parameter' in reference && !ENV.test(path)
        ? [wrongValue(found, path, 'hyperparameters in env alone')]
        : [];
    });
    return [...metas, ...placeholders];
  });
  const idle = trialParameters.flatMap(({ name }, index) =>
    used.has(name)
      ? []
      : [wrongValue(name, `${TEMPLATE}.trialParameters.${index}.name`, `\${trialParameters.${name}} in trialSpec`)],
  );
  return [...problems, ...idle];

  function known(): string {
    return trialParameters.map(({ name }) => name).join(', ');
  }
}

/** Every text of a value by its path; keys too, as Katib replaces in the JSON of it all. */
function* textsOf(value: unknown, path: string): Generator<{ text: string; path: string }> {
  if (typeof value === 'string') yield { text: value, path };
  else if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* textsOf(item, `${path}.${index}`);
  else if (isFields(value)) {
    for (const [key, inner] of Object.entries(value)) {
      yield { text: key, path };
      yield* textsOf(inner, `${path}.${key}`);
    }
  }
}
