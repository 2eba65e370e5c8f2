import { CLASS } from './brokers.ts';
import { type Case, double, drop, put, remove } from './changes.ts';

const ATTRIBUTES = 'spec/filter/attributes';
const REF = 'spec/subscriber/ref';
const JOB = 'spec/job/spec';

export const TOPOLOGY_CASES: readonly Case[] = [
  ['a Trigger says', 'no timeout', drop('trigger', 'spec/delivery', 'timeout')],
  ['a Trigger says', 'a timeout shorter than its function', put('train', 'spec/delivery', { timeout: 'PT80S' })],
  ['a Trigger says', 'attempts beyond 15 minutes', put('train', 'spec/delivery', { retry: 3 })],
  ['a Trigger of RabbitMQ', 'one training at a time', drop('train', 'metadata', 'annotations')],
  ['a Trigger filters', 'filters', put('trigger', 'spec', { filters: [] })],
  ['a Trigger filters', 'a type that nobody emits', put('trigger', ATTRIBUTES, { type: 'model.trainde' })],
  ['a Trigger filters', 'an extension that the type has not', put('trigger', ATTRIBUTES, { colour: 'red' })],
  ['a Trigger filters', 'what a source would tell that is not there', remove('source')],
  ['a Trigger leads', 'a Broker elsewhere', put('trigger', 'spec', { broker: 'other' })],
  ['a Trigger leads', 'a subscriber that is not there', put('trigger', REF, { name: 'other' })],
  ['every type', 'no comparison', remove('compare')],
  ['everything goes on', 'no record', remove('record')],
  ['no function comes back', 'models that make datasets', put('compare', REF, { name: 'generate' })],
  [
    'the one Broker',
    'a synchronous channel',
    drop('broker', 'metadata/annotations', 'messaging.knative.dev/async-handler'),
  ],
  ['the one Broker', 'dead letters to nobody', drop('broker', 'spec/delivery', 'deadLetterSink')],
  ['the one Broker', 'two Brokers', double('broker')],
  ['whatever emits', 'a Service that no binding is about', drop('service', 'metadata/labels', 'xorflow.dev/emits')],
  ['whatever emits', 'a Service with two bindings', double('binding')],
  ['whatever emits', 'a Job that no binding is about', drop('jobSink', 'spec/job/metadata', 'labels')],
  ['whatever emits', 'a binding to nowhere', put('binding', 'spec/sink/ref', { name: 'other' })],
  ['a JobSink makes', 'Jobs that are tried six times', drop('jobSink', JOB, 'backoffLimit')],
  ['a JobSink makes', 'Jobs that may run for ever', drop('jobSink', JOB, 'activeDeadlineSeconds')],
  ['a JobSink makes', 'Jobs that stay', drop('jobSink', JOB, 'ttlSecondsAfterFinished')],
  ['a JobSink makes', 'pods that start again', put('jobSink', `${JOB}/template/spec`, { restartPolicy: 'OnFailure' })],
  ['only Services of', 'a JobSink with an audience', put('jobTrigger', 'spec/subscriber', { audience: 'xorflow' })],
  ['the Broker is', 'an unknown class', put('broker', 'metadata/annotations', { [CLASS]: 'Kafkaesque' })],
  ['the Broker is', 'a config of another class', put('broker', 'metadata/annotations', { [CLASS]: 'RabbitMQBroker' })],
  ['the Broker is', 'a config that is not there', put('broker', 'spec/config', { name: 'other' })],
  ['no object is', 'twins', double('trigger')],
  ['no object is', 'a stray', put('trigger', 'metadata', { namespace: 'other' })],
  ['every object is', 'a field that a Job has not', put('jobSink', JOB, { backofLimit: 1 })],
  [
    'functions have',
    'a Job with a sidecar',
    put('jobSink', `${JOB}/template/metadata/labels`, { 'sidecar.istio.io/inject': 'true' }),
  ],
  ['whoever has', 'jobs that are not let in', drop('jobSink', `${JOB}/template/metadata`, 'labels')],
];
