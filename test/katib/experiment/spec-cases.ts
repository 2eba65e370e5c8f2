import type { Suites } from './fixture.ts';

export const SPEC_CASES: Suites = {
  'what no Experiment may be': [
    [
      'another version',
      { apiVersion: 'kubeflow.org/v1alpha3' },
      'Wrong value "kubeflow.org/v1alpha3" at apiVersion: expected "kubeflow.org/v1beta1"',
    ],
    ['another kind', { kind: 'Trial' }, 'Wrong value "Trial" at kind: expected "Experiment"'],
    [
      'a name too long for the names of its trials',
      { 'metadata/name': 'a'.repeat(41) },
      `Wrong value "${'a'.repeat(41)}" at metadata.name: expected 1 to 40 lower-case letters, digits or "-", beginning with a letter and not ending with "-"`,
    ],
    [
      'a name that ends in a hyphen, which Katib lets pass',
      { 'metadata/name': 'xor-' },
      'Wrong value "xor-" at metadata.name: expected 1 to 40 lower-case letters, digits or "-", beginning with a letter and not ending with "-"',
    ],
    [
      'a misspelled field',
      { 'spec/maxTrialcount': 5 },
      'spec.maxTrialcount: not supported locally; did you mean maxTrialCount?',
    ],
    ['a field that nobody knows', { 'spec/objective/zzzzzzzz': 1 }, 'spec.objective.zzzzzzzz: not supported locally'],
    [
      'a count that is no number',
      { 'spec/parallelTrialCount': 'abc' },
      'Wrong value "abc" at spec.parallelTrialCount: expected an integer from 1',
    ],
    [
      'a search without a limit',
      { 'spec/maxTrialCount': undefined },
      'Missing value at spec.maxTrialCount: expected an integer from 1: without a limit Katib never ends the search',
    ],
    [
      'more trials at once than there are',
      { 'spec/parallelTrialCount': 25 },
      'Wrong value 25 at spec.parallelTrialCount: expected at most maxTrialCount, 24',
    ],
    [
      'more failures than trials',
      { 'spec/maxFailedTrialCount': 25 },
      'Wrong value 25 at spec.maxFailedTrialCount: expected at most maxTrialCount, 24',
    ],
    [
      'a negative number of failures',
      { 'spec/maxFailedTrialCount': -1 },
      'Wrong value -1 at spec.maxFailedTrialCount: expected an integer from 0',
    ],
    [
      'an unknown policy',
      { 'spec/resumePolicy': 'Always' },
      'Wrong value "Always" at spec.resumePolicy: expected one of "Never", "LongRunning", "FromVolume"',
    ],
  ],
  'objective and metrics': [
    [
      'no direction',
      { 'spec/objective/type': undefined },
      'Missing value at spec.objective.type: expected one of "minimize", "maximize"',
    ],
    [
      'a goal in quotes',
      { 'spec/objective/goal': '0.9' },
      'Wrong value "0.9" at spec.objective.goal: expected a number',
    ],
    [
      'the objective among the other metrics',
      { 'spec/objective/additionalMetricNames': ['loss', 'accuracy', 'validation_loss', 'validation_accuracy'] },
      'Wrong value "validation_accuracy" at spec.objective.additionalMetricNames.3: expected every metric once',
    ],
    [
      'a metric that no trial reports',
      { 'spec/objective/additionalMetricNames/0': 'auc', 'spec/objective/metricStrategies/1/name': 'auc' },
      'Wrong value "auc" at spec.objective.additionalMetricNames.0: expected one of loss, accuracy, validation_loss, validation_accuracy: a trial reports no other',
    ],
    [
      'a name that the default filter does not read',
      { 'spec/objective/additionalMetricNames/0': 'a;b', 'spec/objective/metricStrategies/1/name': 'a;b' },
      'Wrong value "a;b" at spec.objective.additionalMetricNames.0: expected letters, digits, "_", "-" and "|" alone: Katib reads no other name from a log',
    ],
    [
      'a name that the filter takes for the objective',
      {
        'spec/objective/additionalMetricNames/0': 'test/validation_accuracy',
        'spec/objective/metricStrategies/1/name': 'test/validation_accuracy',
      },
      'Wrong value "test/validation_accuracy" at spec.objective.additionalMetricNames.0: expected a name that does not end like this: Katib would read it as validation_accuracy',
    ],
    [
      'a strategy for no metric',
      { 'spec/objective/metricStrategies/1/name': 'los' },
      'Wrong value "los" at spec.objective.metricStrategies.1.name: expected one of validation_accuracy, loss, accuracy, validation_loss',
    ],
    [
      'two strategies for a metric',
      { 'spec/objective/metricStrategies/2/name': 'loss' },
      'Wrong value "loss" at spec.objective.metricStrategies.2.name: expected every metric once',
    ],
  ],
  'algorithm and early stopping': [
    [
      'an algorithm that is not there',
      { 'spec/algorithm/algorithmName': 'tep' },
      'Wrong value "tep" at spec.algorithm.algorithmName: expected one of random, grid, sobol, tpe, multivariate-tpe, cmaes, hyperband, bayesianoptimization',
    ],
    [
      'a setting twice',
      { 'spec/algorithm/algorithmSettings/1/name': 'n_startup_trials' },
      'Wrong value "n_startup_trials" at spec.algorithm.algorithmSettings.1.name: expected every setting once',
    ],
    [
      'a setting that is a number',
      { 'spec/algorithm/algorithmSettings/0/value': 6 },
      'Wrong value 6 at spec.algorithm.algorithmSettings.0.value: expected a string such as "6"',
    ],
    [
      'what the algorithm objects to',
      { 'spec/algorithm/algorithmSettings/0/name': 'refused' },
      'Unknown setting "refused" at spec.algorithm.algorithmSettings: multivariate-tpe takes n_startup_trials, n_ei_candidates, random_state',
    ],
    [
      'another early stopping',
      { 'spec/earlyStopping/algorithmName': 'hyperband' },
      'Wrong value "hyperband" at spec.earlyStopping.algorithmName: expected medianstop',
    ],
    [
      'an unknown setting of early stopping',
      { 'spec/earlyStopping/algorithmSettings/0/name': 'min_trials' },
      'Wrong value "min_trials" at spec.earlyStopping.algorithmSettings.0.name: expected one of min_trials_required, start_step',
    ],
    [
      'a setting of early stopping twice',
      { 'spec/earlyStopping/algorithmSettings/0/name': 'start_step' },
      'Wrong value "start_step" at spec.earlyStopping.algorithmSettings.1.name: expected every setting once',
    ],
    [
      'stopping before the first report',
      { 'spec/earlyStopping/algorithmSettings/1/value': '0' },
      'Wrong value "0" at spec.earlyStopping.algorithmSettings.1.value: expected an integer from 1',
    ],
  ],
};
