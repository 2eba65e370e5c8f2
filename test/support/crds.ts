import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parseAllDocuments } from 'yaml';

type Fields = Record<string, unknown>;

/** Custom resource definitions as the projects publish them; they are not part of this one. */
export const CRDS = process.env.XORFLOW_CRDS ?? fileURLToPath(new URL('../../../shared/crds', import.meta.url));

/** Tells what is wrong with a custom resource, or that there is no schema for it. */
export type Validate = (document: Fields) => string[];

/** A validator by the schemas in {@link CRDS}; undefined, and told on stderr, where there are none. */
export async function makeValidator(): Promise<Validate | undefined> {
  const schemas = await readSchemas();
  if (schemas.size === 0) {
    process.stderr.write(
      `NOT CHECKED: custom resources, since there is no folder ${CRDS}; XORFLOW_CRDS may name one\n`,
    );
    return undefined;
  }
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  return (document) => {
    const type = `${String(document.apiVersion)}/${String(document.kind)}`;
    const schema = schemas.get(type);
    if (schema === undefined) return [`no schema for ${type}`];
    // The API server takes these two itself; the schemas leave them out, or metadata empty.
    const { apiVersion: _version, kind: _kind, metadata: _metadata, ...rest } = document;
    const { apiVersion: _a, kind: _k, metadata: _m, ...properties } = schema.properties as Fields;
    if (ajv.validate({ ...schema, properties }, rest)) return [];
    return (ajv.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  };
}

/** By `apiVersion/kind`; unknown fields are refused where the schema does not say otherwise. */
async function readSchemas(): Promise<Map<string, Fields>> {
  const schemas = new Map<string, Fields>();
  const files = await readdir(CRDS).catch(() => []);
  for (const file of files.filter((name) => name.startsWith('knative-'))) {
    for (const document of parseAllDocuments(await readFile(join(CRDS, file), 'utf8'))) {
      const { spec } = document.toJS() as { spec: { group: string; names: { kind: string }; versions: Fields[] } };
      for (const version of spec.versions) {
        const schema = (version.schema as Fields).openAPIV3Schema as Fields;
        schemas.set(`${spec.group}/${String(version.name)}/${spec.names.kind}`, closed(schema));
      }
    }
  }
  return schemas;
}

function closed(schema: Fields): Fields {
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (key === 'properties') {
        const fields = Object.entries(value as Fields).map(([name, field]) => [name, closed(field as Fields)]);
        return [key, Object.fromEntries(fields)];
      }
      return [key, key === 'items' ? closed(value as Fields) : value];
    }),
  );
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties !== undefined;
  return schema.properties && !isOpen ? { ...inner, additionalProperties: false } : inner;
}
