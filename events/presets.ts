import type { ExperimentSpecInput } from './spec.ts';

/** Named starting points for `--preset`; anything given beside the preset wins over it. */
export const PRESETS = {
  /** The theory: a linear model cannot learn XOR, one hidden layer can. */
  default: {},
  /**
   * The published run: what its code really built under the names "0 and 1 hidden layers" has 2 and 3 of width 16.
   * Final training losses about 0.09 and 0.02, accuracies 0.99 and more.
   */
  course: {
    name: 'course',
    models: [
      { name: '2 hidden layers', hidden: [16, 16] },
      { name: '3 hidden layers', hidden: [16, 16, 16] },
    ],
    training: { learningRate: 0.001 },
  },
} as const satisfies Record<string, ExperimentSpecInput>;

export type PresetName = keyof typeof PRESETS;
