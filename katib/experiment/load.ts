import { readFile } from 'node:fs/promises';
import { toError, XorflowError } from '../../events/errors.ts';
import { parseYaml } from '../../knative/kustomize/read.ts';
import { schemaSentences } from './katib-only.ts';
import { withStrategies } from './metrics.ts';
import { problemsOf } from './rules.ts';
import { type Experiment, experimentSchema } from './schema.ts';

/** An Experiment that the local tuner honours as a whole, and Katib too. */
export interface LoadedExperiment {
  readonly experiment: Experiment;
  /** Its spec as the file has it, without defaults. */
  readonly rawSpec: Readonly<Record<string, unknown>>;
}

/**
 * Reads a Katib Experiment: a file with one document.
 *
 * @throws XorflowError `NOT_FOUND` where there is no such file, `INVALID_MANIFEST` with a line for each field that is wrong
 * or not honoured and, where all fields are right, for each rule that is broken
 */
export async function loadExperiment(file: string): Promise<LoadedExperiment> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new XorflowError('NOT_FOUND', `Cannot read the experiment ${file}: ${toError(cause).message}`, { cause });
  });
  const documents = parseYaml(text, file);
  const [document] = documents;
  if (documents.length !== 1) throw invalid(file, [`${documents.length} documents: expected 1`]);
  const parsed = experimentSchema.safeParse(document);
  if (!parsed.success) throw invalid(file, schemaSentences(parsed.error, document, experimentSchema));
  const { spec } = parsed.data;
  const experiment = { ...parsed.data, spec: { ...spec, objective: withStrategies(spec.objective) } };
  const problems = problemsOf(experiment);
  if (problems.length > 0) throw invalid(file, problems);
  return { experiment, rawSpec: (document as { spec: Record<string, unknown> }).spec };
}

function invalid(file: string, sentences: readonly string[]): XorflowError {
  return new XorflowError('INVALID_MANIFEST', sentences.map((sentence) => `${file}: ${sentence}`).join('\n'));
}
