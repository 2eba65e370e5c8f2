import { readFile } from 'node:fs/promises';
import { type Document, LineCounter, parseAllDocuments, visit } from 'yaml';
import { toError } from '../../events/errors.ts';
import { refuse } from './refuse.ts';
import { isObject, type KubernetesObject } from './resource.ts';

/** Plain words that YAML 1.1, which Kubernetes reads, takes for booleans or octal numbers, and YAML 1.2 does not. */
const AMBIGUOUS = /^(?:y|n|yes|no|on|off|0\d+)$/i;

/**
 * The YAML documents of a file, without those that are comments alone.
 *
 * @throws XorflowError `INVALID_MANIFEST` with the line of what YAML 1.1 and 1.2 do not read alike
 */
export async function readYaml(file: string): Promise<unknown[]> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is no such file' : `cannot be read: ${cause.code}`;
    throw refuse(file, why, { cause });
  });
  return parseYaml(text, file);
}

/** The same for text that stands in a file, such as a patch. */
export function parseYaml(text: string, file: string): unknown[] {
  const lines = new LineCounter();
  const documents = [
    ...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true }),
  ] as Document[];
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error) throw refuse(file, `line ${lines.linePos(error.pos[0]).line}: ${toError(error).message}`);
    visit(document, {
      Scalar(key, node) {
        if (node.type !== 'PLAIN' || !AMBIGUOUS.test(node.source ?? '') || key === 'key') return;
        const line = lines.linePos(node.range?.[0] ?? 0).line;
        throw refuse(file, `line ${line}: unquoted ${node.source} is read differently by Kubernetes: quote it`);
      },
    });
    const content: unknown = document.toJS();
    return content === null || content === undefined ? [] : [content];
  });
}

/** The objects of a file. @throws XorflowError `INVALID_MANIFEST` where a document is none */
export async function readObjects(file: string): Promise<KubernetesObject[]> {
  return (await readYaml(file)).map((document, index) => {
    if (isObject(document)) return document;
    throw refuse(file, `document ${index + 1} is no object: expected apiVersion, kind and metadata.name`);
  });
}
