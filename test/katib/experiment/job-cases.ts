import { CONTAINER, container, JOB, job, POD, type Suites, TEMPLATE } from './fixture.ts';

export const JOB_CASES: Suites = {
  'the Job of a trial': [
    [
      'a misspelled field',
      { [`${POD}/restartpolicy`]: 'Never' },
      `${job}.spec.template.spec.restartpolicy: not supported locally; did you mean restartPolicy?`,
    ],
    [
      'pods that are tried again',
      { [`${JOB}/spec/backoffLimit`]: 6 },
      `Wrong value 6 at ${job}.spec.backoffLimit: expected 0: a pod that is tried again would be the same trial again`,
    ],
    [
      'the default of Kubernetes, six tries',
      { [`${JOB}/spec/backoffLimit`]: undefined },
      `Missing value at ${job}.spec.backoffLimit: expected 0: a pod that is tried again would be the same trial again`,
    ],
    [
      'containers that start again',
      { [`${POD}/restartPolicy`]: 'OnFailure' },
      `Wrong value "OnFailure" at ${job}.spec.template.spec.restartPolicy: expected "Never": a container that starts again would be the same trial again`,
    ],
    [
      'no deadline',
      { [`${JOB}/spec/activeDeadlineSeconds`]: undefined },
      `Missing value at ${job}.spec.activeDeadlineSeconds: expected an integer from 1: nothing else ends a trial that hangs`,
    ],
    [
      'a Job that is soon gone',
      { [`${JOB}/spec/ttlSecondsAfterFinished`]: 60 },
      `Wrong value 60 at ${job}.spec.ttlSecondsAfterFinished: expected an integer from 3600: Katib makes a Job anew that is gone too early`,
    ],
    [
      'a sidecar of a mesh',
      { [`${JOB}/spec/template/metadata/labels`]: { team: 'x' } },
      `Missing value at ${job}.spec.template.metadata.labels.sidecar.istio.io/inject: expected "false": a sidecar would not end with the trial`,
    ],
    [
      'a name of its own',
      { [`${JOB}/metadata/name`]: 'mine' },
      `Wrong value "mine" at ${job}.metadata.name: expected none: Katib gives a trial its name and namespace`,
    ],
    [
      'a namespace of its own',
      { [`${JOB}/metadata/namespace`]: 'mine' },
      `Wrong value "mine" at ${job}.metadata.namespace: expected none: Katib gives a trial its name and namespace`,
    ],
    [
      'a container that is not the primary one',
      { [`${TEMPLATE}/primaryContainerName`]: 'main' },
      'Wrong value "main" at spec.trialTemplate.primaryContainerName: expected the name of a container, trial',
    ],
    [
      'no command',
      { [`${CONTAINER}/command`]: undefined },
      `Missing value at ${container}.command: expected a command: without one Katib asks the registry of the image for it`,
    ],
    [
      'an empty command',
      { [`${CONTAINER}/command`]: [] },
      `Wrong value [] at ${container}.command: expected a command: without one Katib asks the registry of the image for it`,
    ],
    [
      'a shell',
      { [`${CONTAINER}/command`]: ['/bin/sh', '-c', 'x'] },
      `Wrong value ["/bin/sh","-c","x"] at ${container}.command: expected node as the first word: a shell or exec hides the process from Katib`,
    ],
    [
      'exec, which loses the mark of completion',
      { [`${CONTAINER}/command`]: ['exec', 'node', 'x'] },
      `Wrong value ["exec","node","x"] at ${container}.command: expected node as the first word: a shell or exec hides the process from Katib`,
    ],
    [
      'a pipe',
      { [`${CONTAINER}/args`]: ['|', 'tee'] },
      `Wrong value "|" at ${container}.args.0: expected letters, digits and @%+=:,./_- alone: Katib hands command and args to a shell, unquoted`,
    ],
    [
      'another container beside it',
      { [`${POD}/containers/1`]: { name: 'b', image: 'b', command: ['node', 'x'] } },
      `Wrong value [{"name":"trial","image":"xorflow:0.1.0","command":["node","katib/trial.ts"],... at ${job}.spec.template.spec.containers: expected one container: Katib waits for every one`,
    ],
    [
      'a variable twice',
      { [`${CONTAINER}/env/1/name`]: 'XORFLOW_GATEWAY' },
      `Wrong value "XORFLOW_GATEWAY" at ${container}.env.1.name: expected every name once`,
    ],
    [
      'a variable that is a number',
      { [`${CONTAINER}/env/4/value`]: 600 },
      `Wrong value 600 at ${container}.env.4.value: expected a string such as "600"`,
    ],
    [
      'the variable that Katib sets',
      { [`${CONTAINER}/env/1/name`]: 'KATIB_TRIAL_NAME' },
      `Wrong value "KATIB_TRIAL_NAME" at ${container}.env.1.name: expected another name: Katib sets this variable`,
    ],
    [
      'a variable that Kubernetes would expand',
      { [`${CONTAINER}/env/1/value`]: '$(HOME)' },
      `Wrong value "$(HOME)" at ${container}.env.1.value: expected neither $( nor $$, which Kubernetes replaces and one machine does not`,
    ],
    ['a variable from elsewhere', { [`${CONTAINER}/envFrom`]: [] }, `${container}.envFrom: not supported locally`],
    [
      'a quantity that is none',
      { [`${CONTAINER}/resources/limits/cpu`]: 'much' },
      `Wrong value "much" at ${container}.resources.limits.cpu: expected a quantity such as 500m or 256Mi`,
    ],
  ],
};
