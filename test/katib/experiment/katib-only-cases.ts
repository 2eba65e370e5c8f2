import { JOB, job, type Suites, TEMPLATE } from './fixture.ts';

export const KATIB_ONLY_CASES: Suites = {
  'what Katib takes and the local tuner does not': [
    [
      'a search for an architecture',
      { 'spec/nasConfig': { graphConfig: {} } },
      'spec.nasConfig: not supported locally, though Katib takes it',
    ],
    [
      'a template in a ConfigMap',
      { [`${TEMPLATE}/configMap`]: { configMapName: 'a' } },
      'spec.trialTemplate.configMap: not supported locally, though Katib takes it',
    ],
    [
      'conditions of its own',
      { [`${TEMPLATE}/successCondition`]: 'a' },
      'spec.trialTemplate.successCondition "a": not supported locally, though Katib takes it',
    ],
    [
      'metrics from a file',
      { 'spec/metricsCollectorSpec/collector/kind': 'File' },
      'spec.metricsCollectorSpec.collector.kind "File": not supported locally, though Katib takes it',
    ],
    [
      'metrics that are pushed',
      { 'spec/metricsCollectorSpec/collector/kind': 'Push' },
      'spec.metricsCollectorSpec.collector.kind "Push": not supported locally, though Katib takes it',
    ],
    [
      'a collector of its own',
      { 'spec/metricsCollectorSpec/collector': { kind: 'Custom', customCollector: { name: 'a' } } },
      'spec.metricsCollectorSpec.collector.kind "Custom": not supported locally, though Katib takes it',
      'spec.metricsCollectorSpec.collector.customCollector: not supported locally, though Katib takes it',
    ],
    [
      'a filter of its own',
      {
        'spec/metricsCollectorSpec/source': {
          filter: { metricsFormat: ['(a)=(b)'] },
          fileSystemPath: { kind: 'File' },
        },
      },
      'spec.metricsCollectorSpec.source.fileSystemPath: not supported locally, though Katib takes it',
    ],
    [
      'an algorithm for architectures',
      { 'spec/algorithm/algorithmName': 'enas' },
      'spec.algorithm.algorithmName "enas": not supported locally, though Katib takes it',
    ],
    [
      'another kind of trial',
      { [`${JOB}/kind`]: 'TFJob', [`${JOB}/apiVersion`]: 'kubeflow.org/v1', [`${JOB}/spec`]: { tfReplicaSpecs: {} } },
      `${job}.apiVersion "kubeflow.org/v1": not supported locally, though Katib takes it`,
      `${job}.kind "TFJob": not supported locally, though Katib takes it`,
    ],
    [
      'a collector that Katib does not know either',
      { 'spec/metricsCollectorSpec/collector/kind': 'stdOut' },
      'Wrong value "stdOut" at spec.metricsCollectorSpec.collector.kind: expected "StdOut"',
    ],
  ],
};
