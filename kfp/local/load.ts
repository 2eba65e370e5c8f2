import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import type { z } from 'zod';
import { toError, XorflowError } from '../../events/errors.ts';
import { sentencesOf } from '../../events/manifest-issues.ts';
import { type Dag, type Pipeline, pipelineSchema, platformSchema } from './schema.ts';

/** A pipeline that the interpreter honours as a whole. */
export interface LoadedPipeline {
  readonly pipeline: Pipeline;
  /** Seconds that a pod may live, by executor. */
  readonly deadlines: ReadonlyMap<string, number>;
}

/**
 * Reads a pipeline as `kfp` compiles it: one document or two.
 *
 * @throws XorflowError `INVALID_MANIFEST` with a line for each field that is wrong or not honoured, each reference that
 * leads nowhere
 */
export async function loadPipeline(file: string): Promise<LoadedPipeline> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new XorflowError('NOT_FOUND', `Cannot read the pipeline ${file}: ${toError(cause).message}`, { cause });
  });
  const documents = parseAllDocuments(text);
  const broken = documents.flatMap(({ errors }) => errors)[0];
  if (broken) throw invalid(file, [broken.message.split('\n')[0] ?? '']);
  if (documents.length < 1 || documents.length > 2)
    throw invalid(file, [`${documents.length} documents: expected 1 or 2`]);
  const pipeline = parse(file, pipelineSchema, documents[0]?.toJS());
  const platform = documents[1] && parse(file, platformSchema, documents[1].toJS());
  const problems = [...problemsOf(pipeline)];
  const executors = platform?.platforms.kubernetes.deploymentSpec.executors ?? {};
  const deadlines = new Map<string, number>();
  for (const [label, { activeDeadlineSeconds }] of Object.entries(executors)) {
    if (!Object.hasOwn(pipeline.deploymentSpec.executors, label)) {
      problems.push(`No executor ${label} for platforms.kubernetes.deploymentSpec.executors.${label}`);
    }
    if (activeDeadlineSeconds !== undefined) deadlines.set(label, Number(activeDeadlineSeconds));
  }
  if (problems.length > 0) throw invalid(file, problems);
  return { pipeline, deadlines };
}

function parse<S extends z.ZodType>(file: string, schema: S, document: unknown): z.infer<S> {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  throw invalid(
    file,
    sentencesOf(parsed.error, document, schema).map(({ sentence }) => sentence),
  );
}

function invalid(file: string, sentences: readonly string[]): XorflowError {
  return new XorflowError('INVALID_MANIFEST', sentences.map((sentence) => `${file}: ${sentence}`).join('\n'));
}

/** References that lead nowhere. */
function* problemsOf(pipeline: Pipeline): Generator<string> {
  yield* problemsOfDag('root', pipeline.root.dag, pipeline);
  for (const [name, { dag, executorLabel }] of Object.entries(pipeline.components)) {
    if (dag) yield* problemsOfDag(`components.${name}`, dag, pipeline);
    if (executorLabel !== undefined && !Object.hasOwn(pipeline.deploymentSpec.executors, executorLabel)) {
      yield `No executor ${executorLabel} at components.${name}.executorLabel`;
    }
  }
}

function* problemsOfDag(place: string, dag: Dag, { components }: Pipeline): Generator<string> {
  for (const [name, task] of Object.entries(dag.tasks)) {
    const at = `${place}.dag.tasks.${name}`;
    if (!Object.hasOwn(components, task.componentRef.name)) {
      yield `No component ${task.componentRef.name} at ${at}.componentRef`;
    }
    const producers = Object.values(task.inputs.parameters).flatMap((source) =>
      'taskOutputParameter' in source
        ? [source.taskOutputParameter.producerTask]
        : 'taskFinalStatus' in source
          ? [source.taskFinalStatus.producerTask]
          : [],
    );
    for (const other of [...task.dependentTasks, ...producers]) {
      if (!Object.hasOwn(dag.tasks, other)) yield `No task ${other} beside ${name} for ${at}`;
      else if (other === name) yield `Task ${name} waits for itself at ${at}`;
    }
  }
}
