import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The files of the build's context by their paths in it: what .dockerignore leaves. */
export function contextFiles(root: string): string[] {
  const rules = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  return walk(root, '', rules);
}

function walk(root: string, folder: string, rules: readonly string[]): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    // As in an allow-list: what is not kept has nothing in it that is.
    if (!isKept(path, rules)) return [];
    return entry.isDirectory() ? walk(root, path, rules) : [path];
  });
}

/** The last rule that matches a path, or a folder above it, decides. */
function isKept(path: string, rules: readonly string[]): boolean {
  let kept = true;
  for (const rule of rules) {
    const isException = rule.startsWith('!');
    const pattern = isException ? rule.slice(1) : rule;
    const parents = path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
    if (parents.some((parent) => toRegExp(pattern).test(parent))) kept = isException;
  }
  return kept;
}

/** Files that begin with a dot are matched by `*`, as Docker has it and Node's own globs have not. */
function toRegExp(pattern: string): RegExp {
  const source = pattern.replace(/[.+^${}()|[\]\\?]/g, '\\$&').replaceAll('*', '[^/]*');
  return new RegExp(`^${source}$`);
}

/**
 * The files that a COPY of these paths takes from the context, by where they go.
 *
 * @throws Error for a path that the context does not have: the image could not be built
 */
export function filesOfCopy(
  files: readonly string[],
  paths: readonly string[],
  to: string,
  line: number,
): [string, string][] {
  return paths.flatMap((path) => {
    if (path === '.') return files.map((file): [string, string] => [file, join(to, file)]);
    const found = files.filter((file) => file === path || file.startsWith(`${path}/`));
    if (found.length === 0) {
      throw new Error(
        `Dockerfile:${line}: no ${path} in the build's context: expected a file that .dockerignore lets in`,
      );
    }
    return found.map((file): [string, string] => [file, targetOf(file, path, to)]);
  });
}

/** Of a folder its content is copied, as Docker has it. */
function targetOf(file: string, path: string, to: string): string {
  if (file !== path) return join(to, file.slice(path.length + 1));
  return /(?:^\.|\/)$/.test(to) ? join(to, basename(file)) : to;
}
