import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { XorflowError } from '../../../events/errors.ts';
import { type LoadedExperiment, loadExperiment } from '../../../katib/experiment/load.ts';
import { makeFolder } from '../../support/manifests.ts';

export const KATIB = fileURLToPath(new URL('../../../katib/', import.meta.url));
/** Every Experiment of the repository. */
export const FILES = ['experiment', 'random', 'grid', 'parity-4d', 'hyperband'].map((name) =>
  name === 'experiment' ? `${name}.yaml` : `examples/${name}.yaml`,
);

export const loadCommitted = (file: string) => loadExperiment(join(KATIB, file));

/** New values by their paths; undefined takes the field away. */
export type Changes = Readonly<Record<string, unknown>>;

/** What is refused, with what changes, and the sentences that say so, by what it is about. */
export type Suites = Readonly<Record<string, readonly (readonly [behaviour: string, changes: Changes, ...string[]])[]>>;

// Places in the first Experiment, as changes name them and as sentences do.
export const RATE = 'spec/parameters/0/feasibleSpace';
export const HIDDEN = 'spec/parameters/1/feasibleSpace';
export const ACTIVATION = 'spec/parameters/3/feasibleSpace';
export const TEMPLATE = 'spec/trialTemplate';
export const JOB = 'spec/trialTemplate/trialSpec';
export const POD = 'spec/trialTemplate/trialSpec/spec/template/spec';
export const CONTAINER = 'spec/trialTemplate/trialSpec/spec/template/spec/containers/0';
export const job = 'spec.trialTemplate.trialSpec';
export const container = 'spec.trialTemplate.trialSpec.spec.template.spec.containers.0';

/** Loads the first Experiment with changes. */
export async function loadChanged(changes: Changes): Promise<LoadedExperiment> {
  const document = parse(await readFile(join(KATIB, 'experiment.yaml'), 'utf8')) as unknown;
  for (const [path, value] of Object.entries(changes)) change(document, path.split('/'), value);
  return loadText(stringify(document));
}

/** Loads an Experiment from a file with this text. */
export async function loadText(text: string): Promise<LoadedExperiment> {
  await using folder = await makeFolder({ 'experiment.yaml': text });
  return await loadExperiment(join(folder.path, 'experiment.yaml'));
}

/** The sentences that something is refused with, without the file that begins each. */
export async function refusalOf(loading: Promise<unknown>): Promise<string[]> {
  const error: unknown = await loading.then(
    () => assert.fail('it is not refused'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof XorflowError, String(error));
  assert.equal(error.code, 'INVALID_MANIFEST');
  return error.message.split('\n').map((line) => {
    const [, sentence] = /^\S*experiment\.yaml: (.+)$/.exec(line) ?? assert.fail(`no file in ${line}`);
    return sentence ?? '';
  });
}

function change(target: unknown, [key = '', ...rest]: readonly string[], value: unknown): void {
  const fields = target as Record<string, unknown>;
  if (rest.length > 0) {
    assert.ok(typeof fields[key] === 'object', `nothing at ${key}`);
    change(fields[key], rest, value);
  } else if (value === undefined) delete fields[key];
  else fields[key] = value;
}
