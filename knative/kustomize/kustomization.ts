import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sentencesOf } from '../../events/manifest-issues.ts';

import { readYaml } from './read.ts';
import { refuse } from './refuse.ts';

const NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
const texts = z.record(z.string(), z.string());

const targetSchema = z.strictObject({
  group: z.string().optional(),
  version: z.string().optional(),
  kind: z.string().optional(),
  name: z.string().optional(),
  namespace: z.string().optional(),
  labelSelector: z.string().optional(),
  annotationSelector: z.string().optional(),
});

/** Names of fields, in brackets where they have dots, and numbers of items of lists; no items that are looked for. */
const fieldPath = z
  .string()
  .regex(/^(?:[\w-]+|\[[\w./-]+\])(?:\.(?:[\w-]+|\[[\w./-]+\]))*$/, 'expected names of fields with dots between them');
const selectSchema = targetSchema.omit({ labelSelector: true, annotationSelector: true });

const replacementSchema = z.strictObject({
  source: selectSchema.extend({ fieldPath }),
  targets: z.array(
    z.strictObject({
      select: selectSchema,
      fieldPaths: z.array(fieldPath),
      options: z.strictObject({ create: z.boolean().optional() }).optional(),
    }),
  ),
});

const generatorSchema = z.strictObject({
  name: z.string(),
  namespace: z.string().optional(),
  literals: z.array(z.string()).optional(),
  files: z.array(z.string()).optional(),
  envs: z.array(z.string()).optional(),
  type: z.string().optional(),
  options: z.strictObject({
    // With a suffix every reference to the name would have to follow it, also those in custom resources.
    disableNameSuffixHash: z.literal(true),
    labels: texts.optional(),
    annotations: texts.optional(),
  }),
});

/** What of kustomize is honoured; whatever else stands in a kustomization is refused. */
const kustomizationSchema = z.strictObject({
  apiVersion: z.enum(['kustomize.config.k8s.io/v1beta1', 'kustomize.config.k8s.io/v1alpha1']).optional(),
  kind: z.enum(['Kustomization', 'Component']).optional(),
  namespace: z.string().optional(),
  resources: z.array(z.string()).default([]),
  components: z.array(z.string()).default([]),
  images: z
    .array(
      z.strictObject({
        name: z.string(),
        newName: z.string().optional(),
        newTag: z.string().optional(),
        digest: z.string().optional(),
      }),
    )
    .default([]),
  labels: z
    .array(
      z.strictObject({
        pairs: texts,
        includeSelectors: z.literal(false).optional(),
        includeTemplates: z.boolean().optional(),
      }),
    )
    .default([]),
  patches: z
    .array(
      z.strictObject({ path: z.string().optional(), patch: z.string().optional(), target: targetSchema.optional() }),
    )
    .default([]),
  replacements: z.array(replacementSchema).default([]),
  configMapGenerator: z.array(generatorSchema.omit({ type: true })).default([]),
  secretGenerator: z.array(generatorSchema).default([]),
});

export type Kustomization = z.infer<typeof kustomizationSchema>;
export type Target = z.infer<typeof targetSchema>;
export type Generator = z.infer<typeof generatorSchema>;

/**
 * Reads the kustomization of a folder.
 *
 * @throws XorflowError `INVALID_MANIFEST` with the path of every field that is not honoured
 */
export async function readKustomization(folder: string): Promise<Kustomization & { readonly file: string }> {
  const names = await readdir(folder).catch((): string[] => []);
  const name = NAMES.find((candidate) => names.includes(candidate));
  if (name === undefined) throw refuse(folder, 'no kustomization.yaml: expected a folder of manifests');
  const file = join(folder, name);
  const [document] = await readYaml(file);
  const parsed = kustomizationSchema.safeParse(document ?? {});
  if (parsed.success) return { ...parsed.data, file };
  const sentences = sentencesOf(parsed.error, document, kustomizationSchema).map(({ sentence }) =>
    sentence.replace('not supported locally', 'not supported'),
  );
  throw refuse(file, sentences.join('; '));
}
