import type { Setting, SuggestionsReply } from '../../../katib/suggestion/wire.ts';
import type { SuggestionClient } from './client.ts';

type Assignment = SuggestionsReply['parameterAssignments'][number];

/** A trial as Katib keeps it: what it was suggested with, and how it stands. */
export interface KatibTrial {
  readonly suggested: Assignment;
  condition: string;
  metrics: readonly Setting[];
}

export interface ExperimentOptions {
  readonly name?: string;
  readonly algorithm?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly spec?: object;
}

/** An Experiment as Katib's controller sends it. */
export function makeExperiment({ name = 'xor', algorithm = 'tiny', settings = {}, spec = {} }: ExperimentOptions = {}) {
  return {
    name,
    spec: {
      parameterSpecs: {
        parameters: [
          {
            name: 'lr',
            parameterType: 'DOUBLE',
            feasibleSpace: { min: '0.001', max: '1', distribution: 'LOG_UNIFORM' },
          },
          { name: 'hidden', parameterType: 'INT', feasibleSpace: { min: '2', max: '16', step: '2' } },
          { name: 'activation', parameterType: 'CATEGORICAL', feasibleSpace: { list: ['tanh', 'relu'] } },
        ],
      },
      objective: { type: 'MAXIMIZE', objectiveMetricName: 'accuracy' },
      algorithm: {
        algorithmName: algorithm,
        algorithmSettings: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
      },
      parallelTrialCount: 3,
      maxTrialCount: 12,
      ...spec,
    },
  };
}

/**
 * What Katib's controller does between two calls (suggestion_controller.go, suggestionclient.go, experiment_controller.go):
 * settings of a reply are kept and overwrite those of the Experiment, another number than was asked for is refused, labels
 * go to metadata and are not sent again, trials whose metrics are unavailable are not sent.
 */
export function makeKatib(experiment: ReturnType<typeof makeExperiment>) {
  const trials: KatibTrial[] = [];
  const kept = new Map<string, string>();
  const { spec } = experiment;

  const request = (count: number) => {
    const settings = new Map(spec.algorithm.algorithmSettings.map(({ name, value }) => [name, value]));
    for (const [name, value] of kept) settings.set(name, value);
    return {
      experiment: {
        ...experiment,
        spec: {
          ...spec,
          algorithm: { ...spec.algorithm, algorithmSettings: [...settings].map(([name, value]) => ({ name, value })) },
        },
      },
      trials: trials
        .filter(({ condition }) => condition !== 'METRICSUNAVAILABLE')
        .map(({ suggested: { trialName, assignments }, condition, metrics }) => ({
          name: trialName,
          spec: { parameterAssignments: { assignments } },
          status: { startTime: '2026-11-23T10:00:01Z', condition, observation: { metrics } },
        })),
      currentRequestNumber: count,
      totalRequestNumber: trials.length + count,
    };
  };
  return {
    trials,
    request,
    /** Takes a reply for `count` more trials, and lets them run. */
    take(reply: SuggestionsReply, count: number): KatibTrial[] {
      if (reply.parameterAssignments.length !== count) throw new Error('The response contains unexpected trials');
      for (const { name, value } of reply.algorithm.algorithmSettings) kept.set(name, value);
      const made = reply.parameterAssignments.map((suggested) => ({ suggested, condition: 'RUNNING', metrics: [] }));
      trials.push(...made);
      return made;
    },
    async ask(client: SuggestionClient, count: number): Promise<KatibTrial[]> {
      return this.take(await client.suggest(request(count)), count);
    },
    /** Ends trials as succeeded with a value of the objective, or otherwise. */
    end(ended: readonly KatibTrial[], value: string, condition = 'SUCCEEDED'): void {
      for (const trial of ended) {
        trial.condition = condition;
        trial.metrics = [
          { name: 'loss', value: '0.5' },
          { name: 'accuracy', value },
        ];
      }
    },
  };
}
