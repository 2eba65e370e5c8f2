import type {
  ArtifactSlot,
  Component,
  Container,
  Parameter,
  ParameterSource,
  PipelineSpec,
  PlatformSpec,
  SchemaTitle,
  Task,
} from './ir.ts';
import { PARAMETERS } from './parameters.ts';

export const PIPELINE = 'xorflow';

/** Seconds: a step gives up before its pod is killed, which would leave it spinning in the dashboard for ever. */
const POD_DEADLINE = 90_000;
export const STEP_DEADLINE = 87_000;
/** As many models are followed at once; a follower costs next to nothing. */
const PARALLEL = 10;

const text: Parameter = { parameterType: 'STRING' };
const integer: Parameter = { parameterType: 'NUMBER_INTEGER' };
const EXPERIMENT = { experiment: text, gateway: text };

/** One step: a component with a container of its own, which its name tells apart from the others'. */
interface Step {
  readonly title: string;
  readonly inputs: Readonly<Record<string, Parameter>>;
  readonly parameters?: Readonly<Record<string, Parameter>>;
  readonly artifacts?: Readonly<Record<string, SchemaTitle>>;
}

/** Every step, in the order of the chain; `step.ts` does the work of each. */
export const STEPS = {
  start: {
    title: 'Request the experiment',
    inputs: { ...PARAMETERS, run_id: text },
    parameters: { experiment: text, dims: integer, models: { parameterType: 'LIST' } },
  },
  generate: {
    title: 'Generate the points',
    inputs: EXPERIMENT,
    artifacts: {
      train: 'system.Dataset',
      validation: 'system.Dataset',
      test: 'system.Dataset',
      balance: 'system.Metrics',
    },
  },
  scatter: {
    title: 'Plot the points',
    inputs: EXPERIMENT,
    artifacts: { plots: 'system.HTML' },
  },
  train: {
    title: 'Train a model',
    inputs: { ...EXPERIMENT, index: integer },
    artifacts: {
      model: 'system.Model',
      metrics: 'system.Metrics',
      classification: 'system.ClassificationMetrics',
    },
  },
  compare: {
    title: 'Compare the models',
    inputs: EXPERIMENT,
    artifacts: { metrics: 'system.Metrics', plots: 'system.HTML', summary: 'system.Markdown' },
  },
  report: {
    title: 'Report',
    inputs: {
      experiment: text,
      gateway: text,
      run_id: text,
      status: { parameterType: 'TASK_FINAL_STATUS', isOptional: true },
    },
    artifacts: { report: 'system.Markdown' },
  },
} as const satisfies Record<string, Step>;

export type StepName = keyof typeof STEPS;

const from = (name: string): ParameterSource => ({ componentInputParameter: name });
const outputOf = (task: string, key: string): ParameterSource => ({
  taskOutputParameter: { producerTask: task, outputParameterKey: key },
});
/** Only as a whole does the backend put in the run's id. */
const RUN_ID: ParameterSource = { runtimeValue: { constant: '{{$.pipeline_job_uuid}}' } };

/** A channel is what the SDK calls a value that enters a sub-DAG; other names work, these are what people know. */
const channel = (name: string) => `pipelinechannel--${name}`;

function taskOf(step: StepName, inputs: Record<string, ParameterSource>, more: Partial<Task> = {}): Task {
  return {
    taskInfo: { name: STEPS[step].title },
    componentRef: { name: `comp-${step}` },
    // A step posts and waits: nothing of it can be reused.
    cachingOptions: {},
    inputs: { parameters: inputs },
    retryPolicy: { maxRetryCount: 2, backoffDuration: '10s', backoffFactor: 2, backoffMaxDuration: '120s' },
    ...more,
  };
}

/** A task that is a graph of its own. */
function groupOf(name: string, title: string, inputs: Record<string, ParameterSource>, more: Partial<Task> = {}): Task {
  return {
    taskInfo: { name: title },
    componentRef: { name: `comp-${name}` },
    cachingOptions: {},
    inputs: { parameters: inputs },
    ...more,
  };
}

const inside = { experiment: from(channel('experiment')), gateway: from(channel('gateway')) };
const enter = { [channel('experiment')]: outputOf('start', 'experiment'), [channel('gateway')]: from('gateway') };
const followed = { experiment: outputOf('start', 'experiment'), gateway: from('gateway') };

const chain: Record<string, Task> = {
  start: taskOf('start', {
    ...Object.fromEntries(Object.keys(PARAMETERS).map((name) => [name, from(name)])),
    run_id: RUN_ID,
  }),
  generate: taskOf('generate', followed, { dependentTasks: ['start'] }),
  'condition-1': groupOf(
    'condition-1',
    'Two dimensions',
    { ...enter, [channel('dims')]: outputOf('start', 'dims') },
    {
      dependentTasks: ['start', 'generate'],
      triggerPolicy: { condition: `int(inputs.parameter_values['${channel('dims')}']) == 2` },
    },
  ),
  'for-loop-1': groupOf(
    'for-loop-1',
    'Each model',
    { ...enter, [channel('models')]: outputOf('start', 'models') },
    {
      dependentTasks: ['start', 'generate'],
      parameterIterator: { itemInput: channel('models-loop-item'), items: { inputParameter: channel('models') } },
      iteratorPolicy: { parallelismLimit: PARALLEL },
    },
  ),
  compare: taskOf('compare', followed, { dependentTasks: ['start', 'for-loop-1'] }),
};

const groups: Record<string, Component> = {
  'comp-exit-handler-1': {
    inputDefinitions: { parameters: PARAMETERS },
    dag: { tasks: chain },
  },
  'comp-condition-1': {
    inputDefinitions: {
      parameters: { [channel('dims')]: integer, [channel('experiment')]: text, [channel('gateway')]: text },
    },
    dag: { tasks: { scatter: taskOf('scatter', inside) } },
  },
  'comp-for-loop-1': {
    inputDefinitions: {
      parameters: {
        [channel('experiment')]: text,
        [channel('gateway')]: text,
        [channel('models')]: { parameterType: 'LIST' },
        [channel('models-loop-item')]: integer,
      },
    },
    dag: { tasks: { train: taskOf('train', { ...inside, index: from(channel('models-loop-item')) }) } },
  },
};

function componentOf(name: string, step: Step): Component {
  const slots = Object.entries(step.artifacts ?? {}).map(([key, schemaTitle]): [string, ArtifactSlot] => [
    key,
    { artifactType: { schemaTitle, schemaVersion: '0.0.1' } },
  ]);
  const outputs = {
    ...(step.parameters && { parameters: step.parameters }),
    ...(slots.length > 0 && { artifacts: Object.fromEntries(slots) }),
  };
  return {
    executorLabel: `exec-${name}`,
    inputDefinitions: { parameters: step.inputs },
    outputDefinitions: outputs,
  };
}

function containerOf(name: string, image: string): Container {
  return {
    image,
    // The name is what tells the containers apart: KFP takes two that are alike for one.
    command: ['node', 'kfp/step.ts', name],
    args: ['--executor_input', '{{$}}'],
    env: [{ name: 'XORFLOW_STEP_DEADLINE', value: String(STEP_DEADLINE) }],
    resources: {
      resourceCpuLimit: '500m',
      resourceCpuRequest: '50m',
      resourceMemoryLimit: '512Mi',
      resourceMemoryRequest: '128Mi',
    },
  };
}

/** The pipeline, in the two documents of its file. */
export function makePipeline(image: string): { spec: PipelineSpec; platform: PlatformSpec } {
  const steps = Object.entries(STEPS) as [StepName, Step][];
  const all = Object.fromEntries(Object.keys(PARAMETERS).map((name) => [name, from(name)]));
  return {
    spec: {
      pipelineInfo: {
        name: PIPELINE,
        description:
          'The XOR problem in n dimensions: points, models of different capacity side by side, and their comparison.',
      },
      schemaVersion: '2.1.0',
      sdkVersion: 'xorflow',
      root: {
        inputDefinitions: { parameters: PARAMETERS },
        dag: {
          tasks: {
            'exit-handler-1': groupOf('exit-handler-1', 'The chain of events', all),
            report: taskOf(
              'report',
              {
                experiment: from('experiment'),
                gateway: from('gateway'),
                run_id: RUN_ID,
                status: { taskFinalStatus: { producerTask: 'exit-handler-1' } },
              },
              {
                dependentTasks: ['exit-handler-1'],
                triggerPolicy: { strategy: 'ALL_UPSTREAM_TASKS_COMPLETED' },
              },
            ),
          },
        },
      },
      components: {
        ...groups,
        ...Object.fromEntries(steps.map(([name, step]) => [`comp-${name}`, componentOf(name, step)])),
      },
      deploymentSpec: {
        executors: Object.fromEntries(steps.map(([name]) => [`exec-${name}`, { container: containerOf(name, image) }])),
      },
    },
    platform: {
      platforms: {
        kubernetes: {
          deploymentSpec: {
            executors: Object.fromEntries(
              steps.map(([name]) => [`exec-${name}`, { activeDeadlineSeconds: String(POD_DEADLINE) }]),
            ),
          },
        },
      },
    },
  };
}
