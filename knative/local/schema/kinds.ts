import type { z } from 'zod';
import { type ApiServerSourceManifest, apiServerSourceSchema } from './api-server-source.ts';
import { type BrokerManifest, brokerSchema } from './broker.ts';
import { type JobSinkManifest, jobSinkSchema } from './job-sink.ts';
import { type ServiceManifest, serviceSchema } from './service.ts';
import { type SinkBindingManifest, sinkBindingSchema } from './sink-binding.ts';
import { type TriggerManifest, triggerSchema } from './trigger.ts';
import {
  type ConfigMapManifest,
  configMapSchema,
  type NamespaceManifest,
  namespaceSchema,
  type SecretManifest,
  secretSchema,
} from './values.ts';

export type AnyManifest =
  | BrokerManifest
  | TriggerManifest
  | ServiceManifest
  | SinkBindingManifest
  | JobSinkManifest
  | ApiServerSourceManifest
  | NamespaceManifest
  | ConfigMapManifest
  | SecretManifest;

/** Every kind that the interpreter honours, by `apiVersion/kind`. */
export const KINDS: Readonly<Record<string, z.ZodType<AnyManifest>>> = {
  'eventing.knative.dev/v1/Broker': brokerSchema,
  'eventing.knative.dev/v1/Trigger': triggerSchema,
  'serving.knative.dev/v1/Service': serviceSchema,
  'sources.knative.dev/v1/SinkBinding': sinkBindingSchema,
  'sources.knative.dev/v1/ApiServerSource': apiServerSourceSchema,
  'sinks.knative.dev/v1alpha1/JobSink': jobSinkSchema,
  'v1/Namespace': namespaceSchema,
  'v1/ConfigMap': configMapSchema,
  'v1/Secret': secretSchema,
};
