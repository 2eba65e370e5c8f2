/** The local tuner, for `npm run bench`: each line is a search, `trials epochs points validation lr lr hidden hidden seed`. */
import { availableParallelism } from 'node:os';
import { answer, lack } from './answer.ts';

/** Runs an Experiment to its end, and tells the best value of its objective. */
type Tune = (experiment: ReturnType<typeof toExperiment>) => Promise<number>;

const tune: Tune = lack('the local tuner is not connected yet');
let searches = 0;

await answer('on a local platform', async (line) => {
  const experiment = toExperiment(line, ++searches);
  const started = performance.now();
  const best = await tune(experiment);
  return { ms: performance.now() - started, outcome: `best ${best.toFixed(4)}` };
});

/** The Experiment of a line, as its file would have it; each has another name, so that every trial is new. */
function toExperiment(line: string, index: number) {
  const [trials, epochs, trainSize, validationSize, ...rest] = line.split(' ').map(Number);
  const [lowRate, highRate, fewest, most, seed] = rest;
  const parameter = (name: string) => `\${trialParameters.${name}}`;
  return {
    apiVersion: 'kubeflow.org/v1beta1',
    kind: 'Experiment',
    metadata: { name: `bench-${index}` },
    spec: {
      objective: { type: 'maximize', objectiveMetricName: 'validation_accuracy' },
      algorithm: { algorithmName: 'multivariate-tpe', algorithmSettings: [{ name: 'random_state', value: `${seed}` }] },
      parallelTrialCount: availableParallelism(),
      maxTrialCount: trials,
      parameters: [
        {
          name: 'learning_rate',
          parameterType: 'double',
          feasibleSpace: { min: `${lowRate}`, max: `${highRate}`, distribution: 'logUniform' },
        },
        { name: 'hidden', parameterType: 'int', feasibleSpace: { min: `${fewest}`, max: `${most}` } },
      ],
      trialTemplate: {
        primaryContainerName: 'trial',
        trialParameters: ['learning_rate', 'hidden'].map((name) => ({ name, reference: name })),
        trialSpec: {
          apiVersion: 'batch/v1',
          kind: 'Job',
          spec: {
            backoffLimit: 0,
            template: {
              spec: {
                restartPolicy: 'Never',
                containers: [
                  {
                    name: 'trial',
                    image: 'xorflow',
                    command: ['node', 'katib/trial.ts'],
                    env: [
                      { name: 'XORFLOW_DATASET', value: JSON.stringify({ trainSize, validationSize, seed }) },
                      { name: 'XORFLOW_TRAINING', value: JSON.stringify({ epochs, seed }) },
                      { name: 'HP_LEARNING_RATE', value: parameter('learning_rate') },
                      { name: 'HP_HIDDEN', value: parameter('hidden') },
                    ],
                  },
                ],
              },
            },
          },
        },
      },
    },
  };
}
