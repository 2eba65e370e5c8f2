import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Generator, Kustomization } from './kustomization.ts';
import { refuse } from './refuse.ts';
import type { KubernetesObject } from './resource.ts';

/** The ConfigMaps and Secrets that a kustomization generates. */
export async function generate(kustomization: Kustomization & { readonly file: string }): Promise<KubernetesObject[]> {
  const { configMapGenerator, secretGenerator, file } = kustomization;
  const configMaps = configMapGenerator.map(async (generator) => ({
    ...objectOf('ConfigMap', generator),
    data: Object.fromEntries(await entriesOf(generator, file)),
  }));
  const secrets = secretGenerator.map(async (generator) => ({
    ...objectOf('Secret', generator),
    type: generator.type ?? 'Opaque',
    data: Object.fromEntries((await entriesOf(generator, file)).map(([key, text]) => [key, toBase64(text)])),
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

async function entriesOf(generator: Omit<Generator, 'type'>, file: string): Promise<[string, string][]> {
  const literals = (generator.literals ?? []).map((literal): [string, string] => {
    const equals = literal.indexOf('=');
    if (equals > 0) return [literal.slice(0, equals), literal.slice(equals + 1).replace(/^(['"])(.*)\1$/s, '$2')];
    throw refuse(file, `Wrong literal ${JSON.stringify(literal)} of ${generator.name}: expected key=value`);
  });
  const files = (generator.files ?? []).map(async (entry): Promise<[string, string]> => {
    const equals = entry.indexOf('=');
    const path = entry.slice(equals + 1);
    const text = await readFile(join(dirname(file), path), 'utf8').catch((cause) => {
      throw refuse(file, `No file ${JSON.stringify(path)} for ${generator.name}`, { cause });
    });
    return [equals > 0 ? entry.slice(0, equals) : basename(path), text];
  });
  return [...literals, ...(await Promise.all(files))];
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
