import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { specSchema } from '../../events/spec.ts';
import { compilePipeline } from '../../kfp/compile.ts';
import type { Component, Container, Dag, PipelineSpec, PlatformSpec, Task } from '../../kfp/ir.ts';
import { decide } from '../../kfp/local/condition.ts';
import { loadPipeline } from '../../kfp/local/load.ts';
import { PARAMETERS } from '../../kfp/parameters.ts';
import { STEP_DEADLINE } from '../../kfp/pipeline.ts';
import { defaultImage } from '../../scripts/pipeline/compile.ts';

const FILE = fileURLToPath(new URL('../../kfp/pipeline.yaml', import.meta.url));
const text = readFileSync(FILE, 'utf8');
const [spec, platform] = parseAllDocuments(text).map((document) => document.toJS()) as [PipelineSpec, PlatformSpec];
const executors = Object.entries(spec.deploymentSpec.executors);
const dags: [string, Dag, readonly string[]][] = [
  ['root', spec.root.dag, Object.keys(spec.root.inputDefinitions.parameters ?? {})],
  ...Object.entries(spec.components).flatMap(([name, component]): [string, Dag, readonly string[]][] =>
    'dag' in component ? [[name, component.dag, Object.keys(component.inputDefinitions?.parameters ?? {})]] : [],
  ),
];
const tasks = dags.flatMap(([place, dag, inputs]) =>
  Object.entries(dag.tasks).map(([name, task]) => ({ name, task, place, dag, inputs })),
);

const componentOf = (task: Task): Component =>
  spec.components[task.componentRef.name] ?? assert.fail(`no ${task.componentRef.name}`);
const containers = executors.map(([, { container }]) => container);

test('the file of the repository is what compiles, to the byte', () => {
  assert.equal(text, compilePipeline(defaultImage()), 'run: npm run xorflow -- pipeline compile');
  assert.equal(compilePipeline('a:1'), compilePipeline('a:1'));
});

test('readers of YAML 1.1 and 1.2 read the same, two documents of schema 2.1.0', () => {
  const old = parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS());
  assert.deepEqual(old, [spec, platform]);
  assert.equal(spec.schemaVersion, '2.1.0');
  assert.match(spec.pipelineInfo.name, /^[a-z0-9][a-z0-9-]{0,127}$/);
  assert.ok(Buffer.byteLength(text) < 700_000);
});

test('no field is there that the interpreter does not know, and every reference leads somewhere', async () => {
  const loaded = await loadPipeline(FILE);
  assert.equal(loaded.deadlines.size, executors.length);
});

test('what is declared is used: components, executors', () => {
  const used = new Set(tasks.map(({ task }) => task.componentRef.name));
  assert.deepEqual(new Set(Object.keys(spec.components)), used);
  const labels = Object.values(spec.components).flatMap((component) =>
    'executorLabel' in component ? [component.executorLabel] : [],
  );
  assert.deepEqual(new Set(executors.map(([label]) => label)), new Set(labels));
  assert.deepEqual(Object.keys(platform.platforms.kubernetes.deploymentSpec.executors).sort(), [...labels].sort());
});

test('no two containers are alike: KFP would take them for one', () => {
  const kinds = new Set(containers.map((container: Container) => JSON.stringify(container)));
  assert.equal(kinds.size, containers.length);
  for (const [label, { container }] of executors) {
    assert.equal(container.command.at(-1), label.replace('exec-', ''));
    assert.deepEqual(container.args, ['--executor_input', '{{$}}']);
    assert.match(container.image, /:(?!latest$)[^:]+$|@sha256:/);
  }
});

test('every task has a name for people, and a key that Argo takes', () => {
  for (const { name, task, dag } of tasks) {
    assert.ok(task.taskInfo.name.length > 0);
    assert.match(name, /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
    assert.notEqual(name, spec.pipelineInfo.name);
    for (const other of Object.keys(dag.tasks)) assert.notEqual(name, `${other}-driver`);
  }
});

test('every input that a component declares is passed by each task, from something that is there', () => {
  for (const { name, task, place, dag, inputs } of tasks) {
    const component = componentOf(task);
    const given = Object.entries(task.inputs?.parameters ?? {});
    for (const [input, { isOptional }] of Object.entries(component.inputDefinitions?.parameters ?? {})) {
      const isGiven = given.some(([key]) => key === input) || task.parameterIterator?.itemInput === input;
      assert.ok(isGiven || isOptional, `${place}.${name} gets no ${input}`);
    }
    for (const [key, source] of given) {
      assert.ok(key in (component.inputDefinitions?.parameters ?? {}), `${name} is given ${key}`);
      if ('componentInputParameter' in source) assert.ok(inputs.includes(source.componentInputParameter));
      if ('taskOutputParameter' in source) {
        const { producerTask, outputParameterKey } = source.taskOutputParameter;
        const producer = componentOf(dag.tasks[producerTask] ?? assert.fail(producerTask));
        const type = producer.outputDefinitions?.parameters?.[outputParameterKey]?.parameterType;
        assert.equal(type, component.inputDefinitions?.parameters?.[key]?.parameterType);
        assert.ok(task.dependentTasks?.includes(producerTask));
      }
    }
  }
});

test('the graph has no circle', () => {
  for (const [place, dag] of dags) {
    const seen = new Set<string>();
    const visit = (name: string, above: readonly string[]): void => {
      assert.ok(!above.includes(name), `${place}: ${[...above, name].join(' -> ')}`);
      if (seen.has(name)) return;
      for (const other of dag.tasks[name]?.dependentTasks ?? []) visit(other, [...above, name]);
      seen.add(name);
    };
    for (const name of Object.keys(dag.tasks)) visit(name, []);
  }
});

test('a parameter with a default is optional, its default is of its type, and those of the spec are its defaults', () => {
  const defaults = specSchema.parse({});
  for (const [name, { defaultValue, isOptional, description }] of Object.entries(PARAMETERS)) {
    assert.equal(isOptional, true, name);
    assert.ok(description && description.length > 10, name);
    assert.notEqual(defaultValue, undefined);
  }
  assert.deepEqual(
    [PARAMETERS.dims, PARAMETERS.train_size, PARAMETERS.test_size, PARAMETERS.epochs, PARAMETERS.learning_rate].map(
      ({ defaultValue }) => defaultValue,
    ),
    [
      defaults.dataset.dims,
      defaults.dataset.trainSize,
      defaults.dataset.testSize,
      defaults.training.epochs,
      defaults.training.learningRate,
    ],
  );
  assert.deepEqual(defaults.models[1]?.hidden, [PARAMETERS.size_hidden.defaultValue]);
});

test('nothing is cached, and what starts something knows the run', () => {
  for (const { task } of tasks) assert.deepEqual(task.cachingOptions, {});
  const constants = tasks.flatMap(({ task }) =>
    Object.values(task.inputs?.parameters ?? {}).flatMap((source) =>
      'runtimeValue' in source ? [source.runtimeValue.constant] : [],
    ),
  );
  assert.deepEqual(constants, ['{{$.pipeline_job_uuid}}', '{{$.pipeline_job_uuid}}']);
});

test('the points are plotted in two dimensions only, and nothing waits for that', () => {
  const branch = tasks.filter(({ task }) => task.triggerPolicy?.condition !== undefined);
  assert.deepEqual(
    branch.map(({ name }) => name),
    ['condition-1'],
  );
  const condition = branch[0]?.task.triggerPolicy?.condition ?? '';
  assert.equal(condition, "int(inputs.parameter_values['pipelinechannel--dims']) == 2");
  assert.ok('pipelinechannel--dims' in (branch[0]?.task.inputs?.parameters ?? {}));
  assert.equal(decide(condition, { 'pipelinechannel--dims': 2 }), true);
  assert.equal(decide(condition, { 'pipelinechannel--dims': 3 }), false);
  for (const { task } of tasks) assert.ok(!task.dependentTasks?.includes('condition-1'));
});

test('the models are a loop with a limit, and the report comes after everything, whatever happened', () => {
  const loop = tasks.find(({ task }) => task.parameterIterator)?.task;
  assert.equal(loop?.parameterIterator?.items.inputParameter, 'pipelinechannel--models');
  assert.ok((loop?.iteratorPolicy?.parallelismLimit ?? 0) > 0);
  const exits = tasks.filter(({ task }) => task.triggerPolicy?.strategy);
  assert.equal(exits.length, 1);
  assert.deepEqual(exits[0]?.task.dependentTasks, ['exit-handler-1']);
  assert.equal(exits[0]?.place, 'root');
  assert.deepEqual(Object.keys(spec.root.dag.tasks).sort(), ['exit-handler-1', 'report']);
  const status = componentOf(exits[0]?.task as Task).inputDefinitions?.parameters?.status;
  assert.deepEqual(status, { parameterType: 'TASK_FINAL_STATUS', isOptional: true });
});

test('a step gives up before its pod is killed, and is tried again', () => {
  for (const { activeDeadlineSeconds } of Object.values(platform.platforms.kubernetes.deploymentSpec.executors)) {
    assert.ok(STEP_DEADLINE < Number(activeDeadlineSeconds));
  }
  for (const { task } of tasks.filter(({ task }) => 'executorLabel' in componentOf(task))) {
    assert.ok((task.retryPolicy?.maxRetryCount ?? 0) > 0);
    assert.match(task.retryPolicy?.backoffDuration ?? '', /^\d+s$/);
  }
});
