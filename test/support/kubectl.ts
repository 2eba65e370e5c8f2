import { execFileSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';

/** What `kubectl kustomize` makes of a folder, or undefined on a machine without kubectl. */
export function renderWithKubectl(folder: string): unknown[] | undefined {
  try {
    const text = execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8', stdio: 'pipe', timeout: 60_000 });
    return parseAllDocuments(text).map((document): unknown => document.toJS());
  } catch (error) {
    // In CI a comparison that was not made is no comparison.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !process.env.CI) return undefined;
    throw error;
  }
}

/** In an order of their own, so that two renderings can be compared: the objects are applied in ours anyway. */
export function sortObjects(objects: readonly unknown[]): unknown[] {
  const key = (one: unknown) => {
    const { apiVersion, kind, metadata } = one as { apiVersion: string; kind: string; metadata: object };
    return JSON.stringify([
      apiVersion,
      kind,
      (metadata as { namespace?: string }).namespace,
      Object.entries(metadata).sort(),
    ]);
  };
  return [...objects].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
