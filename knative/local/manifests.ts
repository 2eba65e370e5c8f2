import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, type Node, parseAllDocuments, visit } from 'yaml';
import { z } from 'zod';
import { toError } from '../../events/errors.ts';
import { sentencesOf } from '../../events/manifest-issues.ts';
import { Problems } from './problems.ts';

/** One YAML document of the set, not looked into yet. */
export interface RawManifest {
  /** Plain data; `metadata.namespace` is the kustomization's where that has one. */
  readonly document: unknown;
  /** `file:line` of the field at a path, or of the nearest one above it. */
  place(path: readonly PropertyKey[]): string;
}

const KUSTOMIZATIONS = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
/** Plain words that YAML 1.1, which Kubernetes reads, takes for booleans, and YAML 1.2 for strings. */
const AMBIGUOUS = /^(?:y|n|yes|no|on|off)$/i;
const CLUSTER_WIDE = ['Namespace', 'ClusterRole', 'ClusterRoleBinding'];

const kustomizationSchema = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1').optional(),
  kind: z.literal('Kustomization').optional(),
  namespace: z.string().optional(),
  resources: z.array(z.string()).min(1),
});

/**
 * Reads a folder as `kustomize build` does: its `kustomization.yaml` and the resources that it names, folders included.
 *
 * @throws XorflowError `INVALID_MANIFEST` with `file:line` of everything that cannot be read
 */
export async function loadManifests(folder: string): Promise<readonly RawManifest[]> {
  const problems = new Problems();
  const manifests = await loadFolder(folder, [], problems, folder);
  problems.throwIfAny();
  return manifests;
}

async function loadFolder(
  folder: string,
  parents: readonly string[],
  problems: Problems,
  askedBy: string,
): Promise<RawManifest[]> {
  const names = await readdir(folder).catch((): string[] => []);
  const name = KUSTOMIZATIONS.find((candidate) => names.includes(candidate));
  if (name === undefined) {
    problems.add(askedBy, `No kustomization.yaml in ${shown(folder)}: expected a folder of manifests`);
    return [];
  }
  const file = join(folder, name);
  const [raw] = await loadFile(file, problems);
  if (raw === undefined) return [];
  const parsed = kustomizationSchema.safeParse(raw.document);
  if (!parsed.success) {
    for (const { path, sentence } of sentencesOf(parsed.error, raw.document, kustomizationSchema)) {
      problems.add(raw.place(path), `kustomization ${sentence}`);
    }
    return [];
  }
  const { namespace, resources } = parsed.data;
  const loaded = await Promise.all(
    resources.map(async (resource, index) => {
      const target = join(folder, resource);
      const place = raw.place(['resources', index]);
      const found = await stat(target).catch(() => undefined);
      if (found === undefined)
        problems.add(place, `No file or folder ${JSON.stringify(resource)} at resources.${index}`);
      else if (found.isFile()) return loadFile(target, problems);
      else if (target === folder || parents.includes(target)) problems.add(place, `resources.${index} includes itself`);
      else return loadFolder(target, [...parents, folder], problems, place);
      return [];
    }),
  );
  const manifests = loaded.flat();
  return namespace === undefined ? manifests : manifests.map((manifest) => inNamespace(manifest, namespace));
}

function inNamespace(manifest: RawManifest, namespace: string): RawManifest {
  const { document } = manifest;
  if (!isRecord(document) || !isRecord(document.metadata)) return manifest;
  const kind = String(document.kind);
  if (CLUSTER_WIDE.includes(kind) && kind !== 'Namespace') return manifest;
  const change = kind === 'Namespace' ? { name: namespace } : { namespace };
  return { ...manifest, document: { ...document, metadata: { ...document.metadata, ...change } } };
}

async function loadFile(file: string, problems: Problems): Promise<RawManifest[]> {
  const lines = new LineCounter();
  let documents: Document[];
  try {
    const text = await readFile(file, 'utf8');
    // Messages of our own: the library's repeat the place and draw the source.
    documents = [...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true })] as Document[];
  } catch (error) {
    problems.add(shown(file), toError(error).message);
    return [];
  }
  const lineOf = (offset: number) => `${shown(file)}:${lines.linePos(offset).line}`;
  return documents.flatMap((document) => {
    for (const error of document.errors) problems.add(lineOf(error.pos[0]), error.message);
    const content: unknown = document.errors.length > 0 ? null : document.toJS();
    // A document of comments alone.
    if (content === null || document.contents === null) return [];
    refuseAmbiguous(document, (offset, text) =>
      problems.add(lineOf(offset), `Unquoted ${text} is a boolean in Kubernetes and a string here: quote it`),
    );
    const start = document.contents.range?.[0] ?? 0;
    return [
      {
        document: content,
        place: (path: readonly PropertyKey[]) => lineOf(offsetAt(document.contents, path) ?? start),
      },
    ];
  });
}

function refuseAmbiguous(document: Document, refuse: (offset: number, text: string) => void): void {
  visit(document, {
    Scalar(_key, node) {
      if (node.type === 'PLAIN' && typeof node.value === 'string' && AMBIGUOUS.test(node.value)) {
        refuse(node.range?.[0] ?? 0, node.value);
      }
    },
  });
}

/** Where the field at a path begins: its key, so that a value on the next line is not what is named. */
function offsetAt(root: Node | null, path: readonly PropertyKey[]): number | undefined {
  let node: unknown = root;
  let offset = isNode(root) ? root.range?.[0] : undefined;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
      );
      if (pair === undefined) break;
      offset = isScalar(pair.key) ? pair.key.range?.[0] : offset;
      node = pair.value;
    } else {
      node = isNode(node) && 'items' in node && Array.isArray(node.items) ? node.items[Number(step)] : undefined;
      if (!isNode(node)) break;
      offset = node.range?.[0];
    }
  }
  return offset;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A path as people know it: from the working folder, if it is below that. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') || short === '' ? path : short;
}
