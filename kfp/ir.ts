/** The parts of Kubeflow Pipelines' intermediate representation (schema 2.1.0) that the pipeline is made of. */

export type ParameterType =
  | 'NUMBER_DOUBLE'
  | 'NUMBER_INTEGER'
  | 'STRING'
  | 'BOOLEAN'
  | 'LIST'
  | 'STRUCT'
  | 'TASK_FINAL_STATUS';

export interface Parameter {
  readonly parameterType: ParameterType;
  /** Without `isOptional` the backend takes no notice of it. */
  readonly defaultValue?: unknown;
  readonly isOptional?: true;
  readonly description?: string;
}

/** The artifact types that the dashboard has a place for. */
export type SchemaTitle =
  | 'system.Dataset'
  | 'system.Model'
  | 'system.Metrics'
  | 'system.ClassificationMetrics'
  | 'system.HTML'
  | 'system.Markdown';

export interface ArtifactSlot {
  readonly artifactType: { readonly schemaTitle: SchemaTitle; readonly schemaVersion: '0.0.1' };
  readonly description?: string;
}

export interface Definitions {
  readonly parameters?: Readonly<Record<string, Parameter>>;
  readonly artifacts?: Readonly<Record<string, ArtifactSlot>>;
}

/** Where a task gets a parameter from. */
export type ParameterSource =
  | { readonly componentInputParameter: string }
  | { readonly runtimeValue: { readonly constant: unknown } }
  | { readonly taskOutputParameter: { readonly producerTask: string; readonly outputParameterKey: string } }
  | { readonly taskFinalStatus: { readonly producerTask: string } };

export interface Task {
  readonly taskInfo: { readonly name: string };
  readonly componentRef: { readonly name: string };
  /** Empty is no cache. */
  readonly cachingOptions: Readonly<Record<string, never>>;
  readonly dependentTasks?: readonly string[];
  readonly inputs?: { readonly parameters: Readonly<Record<string, ParameterSource>> };
  readonly retryPolicy?: {
    readonly maxRetryCount: number;
    readonly backoffDuration: string;
    readonly backoffFactor: number;
    readonly backoffMaxDuration: string;
  };
  readonly triggerPolicy?: { readonly condition?: string; readonly strategy?: 'ALL_UPSTREAM_TASKS_COMPLETED' };
  readonly parameterIterator?: { readonly itemInput: string; readonly items: { readonly inputParameter: string } };
  readonly iteratorPolicy?: { readonly parallelismLimit: number };
}

export interface Dag {
  readonly tasks: Readonly<Record<string, Task>>;
}

export type Component = {
  readonly inputDefinitions?: Definitions;
  readonly outputDefinitions?: Definitions;
} & ({ readonly executorLabel: string } | { readonly dag: Dag });

export interface Container {
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly resources: {
    readonly resourceCpuLimit: string;
    readonly resourceCpuRequest: string;
    readonly resourceMemoryLimit: string;
    readonly resourceMemoryRequest: string;
  };
}

/** The first document. */
export interface PipelineSpec {
  readonly pipelineInfo: { readonly name: string; readonly description: string };
  readonly schemaVersion: '2.1.0';
  readonly sdkVersion: string;
  readonly root: { readonly inputDefinitions: Definitions; readonly dag: Dag };
  readonly components: Readonly<Record<string, Component>>;
  readonly deploymentSpec: { readonly executors: Readonly<Record<string, { readonly container: Container }>> };
}

/** The second document: what Kubernetes alone understands. */
export interface PlatformSpec {
  readonly platforms: {
    readonly kubernetes: {
      readonly deploymentSpec: {
        readonly executors: Readonly<Record<string, { readonly activeDeadlineSeconds: string }>>;
      };
    };
  };
}
