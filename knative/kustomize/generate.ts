import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Generator, Kustomization } from './kustomization.ts';
import { refuse } from './refuse.ts';
import type { KubernetesObject } from './resource.ts';

/** The ConfigMaps and Secrets that a kustomization generates. */
export async function generate(
  kustomization: Kustomization & { readonly file: string },
  given: Readonly<Record<string, string>> = {},
): Promise<KubernetesObject[]> {
  const { configMapGenerator, secretGenerator, file } = kustomization;
  const configMaps = configMapGenerator.map(async (generator) => ({
    ...objectOf('ConfigMap', generator),
    data: Object.fromEntries(await entriesOf(generator, file, given)),
  }));
  const secrets = secretGenerator.map(async (generator) => ({
    ...objectOf('Secret', generator),
    type: generator.type ?? 'Opaque',
    data: Object.fromEntries((await entriesOf(generator, file, given)).map(([key, text]) => [key, toBase64(text)])),
  }));
  return Promise.all([...configMaps, ...secrets]);
}

function objectOf(kind: string, { name, namespace, options }: Omit<Generator, 'type'>): KubernetesObject {
  const { labels, annotations } = options;
  return {
    apiVersion: 'v1',
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels ? { labels: { ...labels } } : {}),
      ...(annotations ? { annotations: { ...annotations } } : {}),
    },
  };
}

async function entriesOf(
  generator: Omit<Generator, 'type'>,
  file: string,
  given: Readonly<Record<string, string>>,
): Promise<[string, string][]> {
  const { name, literals = [], files = [], envs = [] } = generator;
  const read = (path: string) => readText(join(dirname(file), path), file, name, given);
  const fromLiterals = literals.map((literal) => {
    const [key, value] = toEntry(literal, file, name);
    return [key, value.replace(/^(['"])(.*)\1$/s, '$2')] as [string, string];
  });
  const fromFiles = files.map(async (entry): Promise<[string, string]> => {
    const equals = entry.indexOf('=');
    const path = entry.slice(equals + 1);
    return [equals > 0 ? entry.slice(0, equals) : basename(path), await read(path)];
  });
  const fromEnvs = envs.map(async (path) => {
    const lines = (await read(path)).split(/\r?\n/).map((line) => line.trimStart());
    return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => toEntry(line, file, name));
  });
  return [...fromLiterals, ...(await Promise.all(fromFiles)), ...(await Promise.all(fromEnvs)).flat()];
}

function toEntry(text: string, file: string, name: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  // What stands there may be secret.
  throw refuse(file, `Wrong entry of ${name}: expected key=value`);
}

async function readText(path: string, file: string, name: string, given: Readonly<Record<string, string>>) {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    const text = given[path];
    if (text !== undefined) return text;
    throw refuse(file, `No file ${JSON.stringify(basename(path))} for ${name}`, { cause });
  });
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
