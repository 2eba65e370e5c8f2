import { readFileSync } from 'node:fs';
import { quoteValue } from '../events/issues.ts';
import { PRESETS, type PresetName } from '../events/presets.ts';
import { type ExperimentSpec, type ExperimentSpecInput, specSchema } from '../events/spec.ts';
import { usageError } from './exit.ts';
import { explain } from './explain.ts';

/** The options of an experiment as commander gives them: text, not yet looked at. */
export interface SpecOptions {
  readonly name?: string;
  readonly dims?: string;
  readonly trainSize?: string;
  readonly validationSize?: string;
  readonly testSize?: string;
  readonly hidden?: string[];
  readonly epochs?: string;
  readonly learningRate?: string;
  readonly batchSize?: string;
  readonly optimizer?: string;
  readonly momentum?: string;
  readonly activation?: string;
  readonly seed?: string;
  readonly engine?: string;
  readonly preset?: string;
  readonly model?: string[];
  readonly spec?: string;
  readonly fromTrial?: string;
}

/** Where in the spec an option's value goes. */
const PLACES = {
  name: ['name'],
  dims: ['dataset', 'dims'],
  trainSize: ['dataset', 'trainSize'],
  validationSize: ['dataset', 'validationSize'],
  testSize: ['dataset', 'testSize'],
  epochs: ['training', 'epochs'],
  learningRate: ['training', 'learningRate'],
  batchSize: ['training', 'batchSize'],
  optimizer: ['training', 'optimizer'],
  momentum: ['training', 'momentum'],
  engine: ['training', 'engine'],
} as const satisfies Partial<Record<keyof SpecOptions, readonly string[]>>;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

type Json = Record<string, unknown>;

/** Where a spec comes from, beside the options. */
export interface SpecSources {
  readonly readInput?: (path: string) => string;
  /** What the options are laid over, instead of a preset or a file. */
  readonly base?: ExperimentSpecInput | undefined;
}

/**
 * The experiment that a command line asks for: the preset or the file, with the options laid over it.
 *
 * @throws RejectedError `INVALID_ARGUMENT` with one sentence: what is wrong, at which option or path, what is allowed
 */
export function specOf(options: SpecOptions, { readInput = readFile, base: given }: SpecSources = {}): ExperimentSpec {
  const base = baseOf(options, readInput, given);
  const origins = new Map<string, string>();
  const input: Json = { ...base };
  for (const [option, [group, field]] of Object.entries(PLACES)) {
    const text = options[option as keyof typeof PLACES];
    if (text === undefined) continue;
    origins.set(field === undefined ? group : `${group}.${field}`, flagOf(option));
    if (field === undefined) input[group] = text;
    else input[group] = { ...toRecord(input[group]), [field]: toNumber(text) };
  }
  if (options.seed !== undefined) {
    for (const group of ['dataset', 'training']) {
      origins.set(`${group}.seed`, '--seed');
      input[group] = { ...toRecord(input[group]), seed: toNumber(options.seed) };
    }
  }
  const models = modelsOf(options, base);
  if (models) {
    input.models = models;
    for (const index of models.keys()) {
      origins.set(`models.${index}`, options.model ? '--model' : '--hidden');
      if (options.activation !== undefined) origins.set(`models.${index}.activation`, '--activation');
    }
  }
  const parsed = specSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw usageError(
    explain(parsed.error, input, origins, options.spec === undefined ? undefined : placeOf(options.spec)),
  );
}

/** Reads `16,16`; the empty text and `[]` are a model without hidden layers. */
function toWidths(text: string): unknown[] {
  const inner = text
    .trim()
    .replace(/^\[(.*)\]$/s, '$1')
    .trim();
  return inner === '' ? [] : inner.split(',').map((width) => toNumber(width.trim()));
}

function toNumber(text: string): unknown {
  return NUMBER.test(text) ? Number(text) : text;
}

function toRecord(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function baseOf(
  { preset, spec, fromTrial }: SpecOptions,
  readInput: (path: string) => string,
  given: ExperimentSpecInput | undefined,
): Json {
  if (fromTrial !== undefined && (preset !== undefined || spec !== undefined)) {
    const other = preset === undefined ? '--spec' : '--preset';
    throw usageError(`Both --from-trial and ${other}: expected one of them, options beside it win over it`);
  }
  if (given) return structuredClone(given) as Json;
  if (preset !== undefined && spec !== undefined) {
    throw usageError('Both --preset and --spec: expected one of them, options beside it win over it');
  }
  if (preset !== undefined) {
    const found = Object.hasOwn(PRESETS, preset) ? PRESETS[preset as PresetName] : undefined;
    if (found) return structuredClone(found) as Json;
    throw usageError(
      `Wrong value ${quoteValue(preset)} at --preset: expected one of ${Object.keys(PRESETS).map(quoteValue).join(', ')}`,
    );
  }
  if (spec === undefined) return {};
  const text = readInput(spec);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  } catch (cause) {
    throw usageError(`No JSON in ${placeOf(spec)}: ${(cause as Error).message.split('\n')[0]}`, { cause });
  }
  throw usageError(`Wrong value ${quoteValue(text.trim())} in ${placeOf(spec)}: expected a JSON object`);
}

function readFile(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : code;
    throw usageError(`Cannot read ${placeOf(path)}: ${why}`, { cause });
  }
}

function placeOf(path: string): string {
  return path === '-' ? '--spec - (standard input)' : `--spec ${quoteValue(path)}`;
}

/** The models that the options give, or undefined where those of the base or the defaults stay as they are. */
function modelsOf({ model, hidden, activation }: SpecOptions, base: Json): Json[] | undefined {
  if (model && hidden) {
    throw usageError('Both --model and --hidden: expected one of them; --model NAME=16,16 names every model itself');
  }
  let models: Json[] | undefined;
  if (model) models = model.map(toModel);
  else if (hidden) models = [{ name: '0 hidden layers', hidden: [] }, ...besideLinear(hidden)];
  if (activation === undefined) return models;
  const given = models ?? base.models ?? specSchema.parse({}).models;
  return Array.isArray(given) ? given.map((one: unknown) => ({ ...toRecord(one), activation })) : undefined;
}

function toModel(text: string): Json {
  const equals = text.indexOf('=');
  if (equals === -1) {
    throw usageError(
      `Wrong value ${quoteValue(text)} at --model: expected NAME=WIDTHS such as deep=16,16, or NAME= for a linear model`,
    );
  }
  return { name: text.slice(0, equals).trim(), hidden: toWidths(text.slice(equals + 1)) };
}

function besideLinear(options: readonly string[]): Json[] {
  const all = options.map((text) => ({ text, widths: toWidths(text) }));
  const depths = all.map(({ widths }) => widths.length);
  return all.map(({ text, widths }) => {
    if (widths.length === 0) {
      throw usageError(
        `Wrong value ${quoteValue(text)} at --hidden: expected widths such as 16,16; the linear model is always beside it`,
      );
    }
    const name = `${widths.length} hidden layer${widths.length === 1 ? '' : 's'}`;
    const isAlone = depths.filter((depth) => depth === widths.length).length === 1;
    return { name: isAlone ? name : `${name} (${widths.join(',')})`, hidden: widths };
  });
}
