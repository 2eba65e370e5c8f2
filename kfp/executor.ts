import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { XorflowError } from '../events/errors.ts';
import { sentenceOf } from '../events/issues.ts';

const artifactSchema = z.looseObject({
  name: z.string().optional(),
  uri: z.string().default(''),
  customPath: z.string().optional(),
  type: z.looseObject({ schemaTitle: z.string().optional() }).optional(),
});
const listSchema = z.looseObject({ artifacts: z.array(artifactSchema).default([]) });

/** What the launcher hands to a step; empty maps may be missing, and there are outputs that nobody declared. */
const inputSchema = z.looseObject({
  inputs: z.looseObject({ parameterValues: z.record(z.string(), z.unknown()).default({}) }).prefault({}),
  outputs: z.looseObject({
    parameters: z.record(z.string(), z.looseObject({ outputFile: z.string() })).default({}),
    artifacts: z.record(z.string(), listSchema).default({}),
    outputFile: z.string().min(1),
  }),
});

/** Where the launcher keeps what a URI names. */
const FOLDERS: Readonly<Record<string, string>> = {
  'minio://': '/minio/',
  's3://': '/s3/',
  'gs://': '/gcs/',
  'oci://': '/oci/',
};

/** One run of one step: its parameters, and where its outputs go. */
export interface Execution {
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Gives a declared output parameter its value. */
  setParameter(name: string, value: unknown): void;
  /**
   * The file of an output artifact, its folder made; with what the dashboard is to know of it.
   *
   * @param metadata finite numbers, strings, lists and objects
   */
  fileOf(name: string, metadata?: Readonly<Record<string, unknown>>): string;
  /** Writes the executor output: nothing of a step that fails is there. */
  finish(): void;
}

/**
 * Reads an ExecutorInput.
 *
 * @throws XorflowError `INVALID_ARGUMENT` for what is none
 */
export function openExecution(text: string): Execution {
  const { inputs, outputs } = parseInput(text);
  const parameterValues: Record<string, unknown> = {};
  const artifacts: Record<string, { artifacts: unknown[] }> = {};
  return {
    parameters: inputs.parameterValues,
    setParameter(name, value) {
      if (!Object.hasOwn(outputs.parameters, name)) throw new Error(`No output parameter ${name} is declared`);
      parameterValues[name] = value;
    },
    fileOf(name, metadata = {}) {
      const artifact = outputs.artifacts[name]?.artifacts[0];
      if (!artifact) throw new Error(`No output artifact ${name} is declared`);
      refuseInfinite(name, metadata);
      const { uri, type } = artifact;
      artifacts[name] = { artifacts: [{ name: artifact.name ?? name, uri, ...(type && { type }), metadata }] };
      const path = artifact.customPath ?? pathOf(uri);
      mkdirSync(dirname(path), { recursive: true });
      return path;
    },
    finish() {
      mkdirSync(dirname(outputs.outputFile), { recursive: true });
      writeFileSync(outputs.outputFile, JSON.stringify({ parameterValues, artifacts }));
    },
  };
}

function parseInput(text: string) {
  try {
    const json: unknown = JSON.parse(text);
    const parsed = inputSchema.safeParse(json);
    if (parsed.success) return parsed.data;
    throw new Error(sentenceOf(parsed.error, json));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new XorflowError('INVALID_ARGUMENT', `Wrong value of --executor_input: expected an ExecutorInput (${why})`, {
      cause,
    });
  }
}

function pathOf(uri: string): string {
  for (const [scheme, folder] of Object.entries(FOLDERS)) {
    if (uri.startsWith(scheme)) return `${folder}${uri.slice(scheme.length)}`;
  }
  throw new XorflowError(
    'INVALID_ARGUMENT',
    `Wrong value ${JSON.stringify(uri)} at outputs.artifacts.uri: expected one of ${Object.keys(FOLDERS).join(', ')}`,
  );
}

/** JSON has no NaN: it would become null, which makes the launcher fail the step. */
function refuseInfinite(name: string, value: unknown): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`Metadata of ${name} hold ${value}`);
  if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) refuseInfinite(name, part);
}
