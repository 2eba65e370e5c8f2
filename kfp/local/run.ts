import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { toError, XorflowError } from '../../events/errors.ts';
import { decide } from './condition.ts';
import { type MadeArtifact, runContainer } from './container.ts';
import type { LoadedPipeline } from './load.ts';
import type { Component, Dag, Parameter, Source, Task } from './schema.ts';
import { settle } from './values.ts';

export type TaskState = 'COMPLETE' | 'FAILED' | 'SKIPPED';

/** What became of one task; the tasks of a group are told before the group. */
export interface TaskRecord {
  /** Path of task keys from the root, with the number of a loop's round: `exit-handler-1/for-loop-1[0]/train`. */
  readonly path: string;
  readonly name: string;
  readonly state: TaskState;
  readonly attempts: number;
  /** Why it failed. */
  readonly reason?: string;
  readonly artifacts: readonly MadeArtifact[];
}

export interface RunOptions {
  /** The run's id, `{{$.pipeline_job_uuid}}`. */
  readonly run: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Where artifacts go. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Seconds of waiting for one that the pipeline says. */
  readonly haste?: number;
  onTask?(record: TaskRecord): void;
  onOutput?(path: string, stream: 'stdout' | 'stderr', line: string): void;
  onStart?(path: string, child: ChildProcess): void;
}

export interface RunResult {
  readonly state: 'SUCCEEDED' | 'FAILED';
  readonly tasks: readonly TaskRecord[];
}

interface Outcome {
  readonly state: TaskState;
  readonly parameters: Readonly<Record<string, unknown>>;
}

interface Scope {
  readonly path: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

const RUN_ID = '{{$.pipeline_job_uuid}}';

/**
 * Runs a pipeline on this machine as the driver and the launcher run it on a cluster.
 *
 * @throws XorflowError `INVALID_ARGUMENT` for wrong parameters of the run, `INVALID_MANIFEST` for what is not supported
 */
export async function runPipeline({ pipeline, deadlines }: LoadedPipeline, options: RunOptions): Promise<RunResult> {
  const records: TaskRecord[] = [];
  const tell = (record: TaskRecord) => {
    records.push(record);
    options.onTask?.(record);
  };

  async function runDag(dag: Dag, scope: Scope): Promise<TaskState> {
    const outcomes = new Map<string, Promise<Outcome>>();
    const outcomeOf = (name: string): Promise<Outcome> => {
      const known = outcomes.get(name);
      if (known) return known;
      const task = dag.tasks[name] as Task;
      const outcome = runTask(name, task, scope, outcomeOf);
      outcomes.set(name, outcome);
      return outcome;
    };
    const all = await Promise.all(Object.keys(dag.tasks).map(outcomeOf));
    return all.some(({ state }) => state === 'FAILED') ? 'FAILED' : 'COMPLETE';
  }

  async function runTask(
    name: string,
    task: Task,
    scope: Scope,
    outcomeOf: (name: string) => Promise<Outcome>,
  ): Promise<Outcome> {
    const path = scope.path === '' ? name : `${scope.path}/${name}`;
    const skipped = (): Outcome => {
      tell({ path, name: task.taskInfo.name, state: 'SKIPPED', attempts: 0, artifacts: [] });
      return { state: 'SKIPPED', parameters: {} };
    };
    const producers = Object.values(task.inputs.parameters).flatMap((source) =>
      'taskOutputParameter' in source ? [source.taskOutputParameter.producerTask] : [],
    );
    const before = await Promise.all([...new Set([...task.dependentTasks, ...producers])].map(outcomeOf));
    const isExit = task.triggerPolicy?.strategy === 'ALL_UPSTREAM_TASKS_COMPLETED';
    // What depends on a task that was skipped or failed is left out, an exit task never.
    if (!isExit && before.some(({ state }) => state !== 'COMPLETE')) return skipped();
    const component = pipeline.components[task.componentRef.name] as Component;
    try {
      const inputs = await inputsOf(task, component, scope, outcomeOf);
      const condition = task.triggerPolicy?.condition;
      if (condition !== undefined && !decide(condition, inputs)) return skipped();
      if (component.dag) return await runGroup(path, task, component.dag, inputs);
      return await runStep(path, task, component, inputs);
    } catch (error) {
      if (error instanceof XorflowError && error.code === 'INVALID_MANIFEST') throw error;
      tell({
        path,
        name: task.taskInfo.name,
        state: 'FAILED',
        attempts: 1,
        reason: toError(error).message,
        artifacts: [],
      });
      return { state: 'FAILED', parameters: {} };
    }
  }

  async function inputsOf(
    task: Task,
    component: Component,
    scope: Scope,
    outcomeOf: (name: string) => Promise<Outcome>,
  ) {
    const values: Record<string, unknown> = {};
    for (const [name, source] of Object.entries(task.inputs.parameters))
      values[name] = await resolve(source, scope, outcomeOf);
    const { itemInput } = task.parameterIterator ?? {};
    const declared = Object.entries(component.inputDefinitions.parameters).filter(([name]) => name !== itemInput);
    return settle(Object.fromEntries(declared) as Record<string, Parameter>, values);
  }

  async function resolve(
    source: Source,
    scope: Scope,
    outcomeOf: (name: string) => Promise<Outcome>,
  ): Promise<unknown> {
    if ('componentInputParameter' in source) return scope.inputs[source.componentInputParameter];
    if ('runtimeValue' in source) {
      const { constant } = source.runtimeValue;
      if (constant === RUN_ID) return options.run;
      if (typeof constant === 'string' && constant.includes('{{$')) {
        throw new XorflowError('INVALID_MANIFEST', `Placeholder ${JSON.stringify(constant)}: not supported locally`);
      }
      return constant;
    }
    if ('taskFinalStatus' in source) {
      const { producerTask } = source.taskFinalStatus;
      const { state } = await outcomeOf(producerTask);
      return { state, error: {}, pipelineJobResourceName: options.run, pipelineTaskName: producerTask };
    }
    const { producerTask, outputParameterKey } = source.taskOutputParameter;
    return (await outcomeOf(producerTask)).parameters[outputParameterKey];
  }

  async function runGroup(path: string, task: Task, dag: Dag, inputs: Record<string, unknown>): Promise<Outcome> {
    const { parameterIterator, iteratorPolicy } = task;
    let state: TaskState;
    if (parameterIterator) {
      const items = inputs[parameterIterator.items.inputParameter];
      if (!Array.isArray(items)) throw new Error(`Input ${parameterIterator.items.inputParameter} is no list`);
      const states = await inTurns(items, iteratorPolicy?.parallelismLimit || items.length, (item, index) =>
        runDag(dag, { path: `${path}[${index}]`, inputs: { ...inputs, [parameterIterator.itemInput]: item } }),
      );
      state = states.includes('FAILED') ? 'FAILED' : 'COMPLETE';
    } else state = await runDag(dag, { path, inputs });
    tell({ path, name: task.taskInfo.name, state, attempts: 1, artifacts: [] });
    return { state, parameters: {} };
  }

  async function runStep(
    path: string,
    task: Task,
    component: Component,
    inputs: Record<string, unknown>,
  ): Promise<Outcome> {
    const label = component.executorLabel ?? '';
    const container = pipeline.deploymentSpec.executors[label]?.container;
    if (!container) throw new Error(`No executor ${label}`);
    const {
      maxRetryCount = 0,
      backoffDuration = '0s',
      backoffFactor = 1,
      backoffMaxDuration = '3600s',
    } = task.retryPolicy ?? {};
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await runContainer({
          container,
          component,
          inputs,
          folder: join(options.folder, path),
          deadlineSeconds: deadlines.get(label),
          attempt,
          signal: options.signal,
          onOutput: (stream, line) => options.onOutput?.(path, stream, line),
          onStart: (child) => options.onStart?.(path, child),
        });
        tell({ path, name: task.taskInfo.name, state: 'COMPLETE', attempts: attempt + 1, artifacts: result.artifacts });
        return { state: 'COMPLETE', parameters: result.parameters };
      } catch (error) {
        if (error instanceof XorflowError && error.code === 'INVALID_MANIFEST') throw error;
        if (attempt >= maxRetryCount || options.signal.aborted) {
          const reason = toError(error).message;
          tell({ path, name: task.taskInfo.name, state: 'FAILED', attempts: attempt + 1, reason, artifacts: [] });
          return { state: 'FAILED', parameters: {} };
        }
        const seconds = Math.min(
          Number.parseFloat(backoffMaxDuration),
          Number.parseFloat(backoffDuration) * backoffFactor ** attempt,
        );
        await sleep((seconds * 1000) / (options.haste ?? 1), undefined, { signal: options.signal }).catch(
          () => undefined,
        );
      }
    }
  }

  const inputs = settle(pipeline.root.inputDefinitions.parameters, options.parameters, true);
  const state = await runDag(pipeline.root.dag, { path: '', inputs });
  return { state: state === 'FAILED' ? 'FAILED' : 'SUCCEEDED', tasks: records };
}

/** At most `limit` at once, results in order. */
async function inTurns<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
