import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';

// Messages as they are decoded: a field that was not sent has its type's default, which for a message is null.

export interface Setting {
  readonly name: string;
  readonly value: string;
}

export interface ParameterMessage {
  readonly name: string;
  readonly parameterType: string;
  readonly feasibleSpace: {
    readonly min: string;
    readonly max: string;
    readonly step: string;
    readonly list: readonly string[];
    readonly distribution: string;
  } | null;
}

export interface ExperimentMessage {
  readonly name: string;
  readonly spec: {
    readonly parameterSpecs: { readonly parameters: readonly ParameterMessage[] } | null;
    readonly objective: { readonly type: string; readonly objectiveMetricName: string } | null;
    readonly algorithm: { readonly algorithmName: string; readonly algorithmSettings: readonly Setting[] } | null;
    readonly parallelTrialCount: number;
    readonly maxTrialCount: number;
  } | null;
}

export interface TrialMessage {
  readonly name: string;
  readonly spec: { readonly parameterAssignments: { readonly assignments: readonly Setting[] } | null } | null;
  readonly status: {
    readonly startTime: string;
    readonly condition: string;
    readonly observation: { readonly metrics: readonly Setting[] } | null;
  } | null;
}

export interface ValidateRequest {
  readonly experiment: ExperimentMessage | null;
}

export interface SuggestionsRequest extends ValidateRequest {
  readonly trials: readonly TrialMessage[];
  readonly currentRequestNumber: number;
  readonly totalRequestNumber: number;
}

export interface SuggestionsReply {
  readonly parameterAssignments: readonly {
    readonly assignments: readonly Setting[];
    readonly trialName: string;
    readonly labels: Readonly<Record<string, string>>;
  }[];
  readonly algorithm: { readonly algorithmName: string; readonly algorithmSettings: readonly Setting[] };
}

/** Every message and service of the two files beside this one, by its full name. */
export function loadMessages(): PackageDefinition {
  const files = ['suggestion.proto', 'health.proto'].map((name) => fileURLToPath(new URL(name, import.meta.url)));
  return loadSync(files, { enums: String, defaults: true });
}

/** A service of those files. */
export function serviceOf(messages: PackageDefinition, name: string): ServiceDefinition {
  return messages[name] as unknown as ServiceDefinition;
}
