/** The local tuner, for `npm run bench`: each line is a search, `trials epochs points validation lr lr hidden hidden seed`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeSearchClient, type SearchClient } from '../../functions/client/searches.ts';
import { bestOf } from '../../katib/local/ends.ts';
import { loadPlan } from '../../katib/local/experiment-plan.ts';
import { tune } from '../../katib/local/tune.ts';
import { startLocal } from '../../scripts/local.ts';
import { answer } from './answer.ts';

const never = new AbortController().signal;
const data = await mkdtemp(join(tmpdir(), 'xorflow-bench-'));
process.once('SIGTERM', () => void rm(data, { recursive: true, force: true }).then(() => process.exit(0)));
// The functions' own metric lines go to stdout, which is for the answers here.
const local = await startLocal({ data, port: 0 });
const client = makeSearchClient(local.url);
let searches = 0;

await answer('on a local platform, its log on disk', async (line) => {
  const name = `bench-${++searches}`;
  const file = join(data, `${name}.yaml`);
  await writeFile(file, JSON.stringify(toExperiment(line, name)));
  const plan = await loadPlan(file);
  const started = performance.now();
  const { trials } = await tune(plan, client, { signal: never });
  const ms = performance.now() - started;
  // What is drawn of this search is not to be drawn while the next one is measured.
  await untilPlotted(client, name, trials.length);
  return { ms, outcome: `best ${bestOf(trials, plan.objective)?.value.toFixed(4)}` };
});

await local[Symbol.asyncDispose]();
await rm(data, { recursive: true, force: true });

async function untilPlotted(from: SearchClient, search: string, trials: number): Promise<void> {
  for await (const { event } of from.follow(search, 0, AbortSignal.timeout(60_000))) {
    if (event?.type === 'trials.plotted' && event.data?.trials === trials) return;
  }
}

/** The Experiment of a line; each has another name, so that every trial is new. */
function toExperiment(line: string, name: string) {
  const [trials, epochs, trainSize, validationSize, ...rest] = line.split(' ').map(Number);
  const [lowRate, highRate, fewest, most, seed] = rest;
  const env = {
    XORFLOW_EXPERIMENT: name,
    XORFLOW_DATASET: JSON.stringify({ trainSize, validationSize, seed }),
    XORFLOW_TRAINING: JSON.stringify({ epochs, seed }),
    HP_LEARNING_RATE: `\${trialParameters.learning_rate}`,
    HP_HIDDEN: `\${trialParameters.hidden}`,
  };
  return {
    apiVersion: 'kubeflow.org/v1beta1',
    kind: 'Experiment',
    metadata: { name },
    spec: {
      objective: { type: 'maximize', objectiveMetricName: 'validation_accuracy' },
      algorithm: { algorithmName: 'multivariate-tpe', algorithmSettings: [{ name: 'random_state', value: `${seed}` }] },
      // More than there are cores, as some are always on their way.
      parallelTrialCount: 4 * availableParallelism(),
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
        trialParameters: ['learning_rate', 'hidden'].map((parameter) => ({ name: parameter, reference: parameter })),
        trialSpec: {
          apiVersion: 'batch/v1',
          kind: 'Job',
          spec: {
            backoffLimit: 0,
            activeDeadlineSeconds: 900,
            template: {
              metadata: { labels: { 'sidecar.istio.io/inject': 'false' } },
              spec: {
                restartPolicy: 'Never',
                containers: [
                  {
                    name: 'trial',
                    image: 'xorflow:0.1.0',
                    command: ['node', 'katib/trial.ts'],
                    env: Object.entries(env).map(([variable, value]) => ({ name: variable, value })),
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
