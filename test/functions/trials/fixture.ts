import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Objective } from '../../../events/search.ts';
import type { Search, Trial } from '../../../functions/trials/search.ts';

/** A hyperparameter as a random search draws it: a value as text, and how good it is from 0 to 1. */
export type Dial = (random: () => number) => { text: string; good: number };

const bell = (distance: number) => Math.exp(-(distance ** 2));

/** The hyperparameters of the searches that are drawn here; the later, the less they matter. */
export const DIALS: Readonly<Record<string, Dial>> = {
  learning_rate: (random) => {
    const exponent = -4 + 4 * random();
    return { text: String(10 ** exponent), good: bell((exponent + 1.8) / 1.1) };
  },
  hidden: (random) => {
    const units = 2 ** (1 + Math.floor(random() * 5));
    return { text: String(units), good: units / (units + 3) };
  },
  activation: (random) => {
    const name = ['relu', 'tanh', 'sigmoid'][Math.floor(random() * 3)] ?? '';
    return { text: name, good: name === 'sigmoid' ? 0.75 : 1 };
  },
  optimizer: (random) => {
    const name = random() < 0.5 ? 'adam' : 'sgd';
    return { text: name, good: name === 'adam' ? 1 : 0.9 };
  },
  momentum: (random) => {
    const momentum = random() * 0.99;
    return { text: String(momentum), good: 1 - 0.05 * momentum };
  },
  batch_size: (random) => ({ text: String(16 + Math.floor(random() * 985)), good: 1 }),
  layers: (random) => ({ text: String(1 + Math.floor(random() * 3)), good: 1 }),
  weight_initialisation_scheme: (random) => ({ text: random() < 0.5 ? 'glorot_uniform_truncated' : 'he', good: 1 }),
};

export interface Given {
  readonly experiment?: string;
  readonly trials?: number;
  readonly parameters?: readonly string[];
  readonly objective?: Objective;
  readonly seed?: number;
  /** Shares of the trials. */
  readonly failed?: number;
  readonly stopped?: number;
  readonly value?: (good: number) => number;
}

/** A random search as one might come out; the same one every time. */
export function makeSearch({
  experiment = 'xor-random',
  trials = 24,
  parameters = ['learning_rate', 'hidden', 'activation'],
  objective = { metric: 'validation_accuracy', type: 'maximize' },
  seed = 1,
  failed = 0.06,
  stopped = 0.15,
  value,
}: Given = {}): Search {
  const generator = xoroshiro128plus(seed);
  const random = () => (generator.next() >>> 0) / 2 ** 32;
  const done = Array.from({ length: trials }, (_, index): Trial => {
    const dials = parameters.map((name) => ({ name, ...DIALS[name]?.(random) }));
    const good = dials.reduce((product, dial) => product * (dial.good ?? 1), 1);
    const assignments = Object.fromEntries(dials.map(({ name, text = '' }) => [name, text]));
    const place = { name: `${experiment}-${suffix(random)}`, number: index + 1, assignments };
    const fate = random();
    if (fate < failed) {
      return { ...place, status: 'failed', metrics: {}, reason: 'The loss stopped being finite at epoch 12' };
    }
    const accuracy = Math.round(1000 * (0.5 + 0.498 * good - 0.01 * random())) / 1000;
    const loss = 0.7 * (1 - good) ** 1.5 + 0.002 + 0.003 * random();
    const metrics = {
      loss: loss * 0.9,
      accuracy: Math.min(1, accuracy + 0.002),
      validation_loss: loss,
      validation_accuracy: accuracy,
    };
    const reached = value ? value(good) : metrics[objective.metric];
    const isStopped = good < 0.5 && fate < failed + stopped * 2;
    const status = isStopped
      ? { status: 'stopped' as const, reason: 'below the median' }
      : { status: 'succeeded' as const };
    return { ...place, ...status, value: reached, metrics: { ...metrics, [objective.metric]: reached } };
  });
  return { experiment, objective, trials: done };
}

function suffix(random: () => number): string {
  return Math.floor(random() * 36 ** 6)
    .toString(36)
    .padStart(6, '0');
}
