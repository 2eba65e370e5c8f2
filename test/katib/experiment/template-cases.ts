import { CONTAINER, container, JOB, job, type Suites, TEMPLATE } from './fixture.ts';

export const TEMPLATE_CASES: Suites = {
  'trialParameters and placeholders': [
    [
      'a reference to no parameter',
      { [`${TEMPLATE}/trialParameters/1/reference`]: 'hiden' },
      `Wrong value "hiden" at spec.trialTemplate.trialParameters.1.reference: expected one of learning_rate, hidden, layers, activation, optimizer, batch_size, or \${trialSpec.Name}, Namespace, Kind, APIVersion, Labels[key] or Annotations[key]`,
      'Wrong value "hidden" at spec.parameters.1.name: expected a trialParameter that refers to it: without one Katib makes no trial',
    ],
    [
      'a reference twice',
      { [`${TEMPLATE}/trialParameters/1/reference`]: 'layers' },
      'Wrong value "layers" at spec.trialTemplate.trialParameters.2.reference: expected every reference once',
      'Wrong value "hidden" at spec.parameters.1.name: expected a trialParameter that refers to it: without one Katib makes no trial',
    ],
    [
      'a name twice',
      { [`${TEMPLATE}/trialParameters/1/name`]: 'learning_rate' },
      'Wrong value "learning_rate" at spec.trialTemplate.trialParameters.1.name: expected every name once',
      `Wrong value "\${trialParameters.hidden}" at ${container}.env.6.value: expected one of the trialParameters learning_rate, learning_rate, layers, activation, optimizer, batch_size, namespace`,
    ],
    [
      'a name with a brace',
      { [`${TEMPLATE}/trialParameters/1/name`]: 'a}' },
      'Wrong value "a}" at spec.trialTemplate.trialParameters.1.name: expected a name without {, }, quotes and backslashes',
    ],
    [
      'a label that the template has not',
      { [`${TEMPLATE}/trialParameters/6/reference`]: `\${trialSpec.Labels[team]}` },
      `Wrong value "\${trialSpec.Labels[team]}" at spec.trialTemplate.trialParameters.6.reference: expected a key of ${job}.metadata.labels`,
    ],
    [
      'something of the trial that Katib does not know',
      { [`${TEMPLATE}/trialParameters/6/reference`]: `\${trialSpec.UID}` },
      `Wrong value "\${trialSpec.UID}" at spec.trialTemplate.trialParameters.6.reference: expected one of learning_rate, hidden, layers, activation, optimizer, batch_size, or \${trialSpec.Name}, Namespace, Kind, APIVersion, Labels[key] or Annotations[key]`,
    ],
    [
      'something of the trial that no trialParameter refers to',
      { [`${CONTAINER}/env/1/value`]: `\${trialSpec.Name}` },
      `Wrong value "\${trialSpec.Name}" at ${container}.env.1.value: expected a trialParameter that refers to it: Katib replaces it nowhere else`,
    ],
    [
      'a placeholder that is not declared',
      { [`${CONTAINER}/env/6/value`]: `\${trialParameters.units}` },
      `Wrong value "\${trialParameters.units}" at ${container}.env.6.value: expected one of the trialParameters learning_rate, hidden, layers, activation, optimizer, batch_size, namespace`,
      `Wrong value "hidden" at spec.trialTemplate.trialParameters.1.name: expected \${trialParameters.hidden} in trialSpec`,
    ],
    [
      'a hyperparameter in a label',
      { [`${JOB}/metadata/labels/hidden`]: `\${trialParameters.hidden}` },
      `Wrong value "\${trialParameters.hidden}" at ${job}.metadata.labels.hidden: expected hyperparameters in env alone`,
    ],
    [
      'a hyperparameter in the command',
      { [`${CONTAINER}/command`]: ['node', 'katib/trial.ts', `--lr=\${trialParameters.learning_rate}`] },
      `Wrong value "--lr=\${trialParameters.learning_rate}" at ${container}.command.2: expected no hyperparameter here but in env: Katib hands command and args to a shell, unquoted`,
    ],
    [
      'a hyperparameter in a number',
      { [`${JOB}/spec/activeDeadlineSeconds`]: `\${trialParameters.hidden}` },
      `Wrong value "\${trialParameters.hidden}" at ${job}.spec.activeDeadlineSeconds: expected an integer from 1: nothing else ends a trial that hangs`,
    ],
  ],
  'a trial that is not after what its Experiment is': [
    [
      'another metric',
      { [`${CONTAINER}/env/2/value`]: 'accuracy' },
      'Wrong value "accuracy" at XORFLOW_OBJECTIVE: expected objectiveMetricName, validation_accuracy',
    ],
    [
      'another direction',
      { 'spec/objective/type': 'minimize' },
      'Wrong value "maximize" at XORFLOW_OBJECTIVE_TYPE: expected objective.type, minimize',
    ],
    [
      'another Experiment',
      { 'metadata/name': 'xor-other' },
      'Wrong value "xor-mlp" at XORFLOW_EXPERIMENT: expected xor-other',
    ],
    [
      'a deadline after that of its Job',
      { [`${CONTAINER}/env/4/value`]: '900' },
      'Wrong value 900 at XORFLOW_TRIAL_SECONDS: expected less than activeDeadlineSeconds, 900: a Job that is killed tells nobody why',
    ],
    [
      'a hyperparameter that it does not know',
      { [`${CONTAINER}/env/6/name`]: 'HP_UNITS' },
      'Unknown variable HP_UNITS: expected one of HP_LEARNING_RATE, HP_BATCH_SIZE, HP_ACTIVATION, HP_OPTIMIZER, HP_MOMENTUM, HP_EPOCHS, HP_SEED, HP_HIDDEN, HP_LAYERS',
    ],
  ],
};
