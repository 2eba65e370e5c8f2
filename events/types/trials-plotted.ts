import { z } from 'zod';
import { defineEvent } from '../define.ts';
import { examplePlot } from '../examples.ts';
import { experimentIdSchema } from '../ids.ts';
import { plotSchema } from '../parts.ts';

export const trialsPlotted = defineEvent({
  type: 'trials.plotted',
  summary: 'The search so far has been drawn: optimisation history, leaderboard, parallel coordinates, importance.',
  schema: z.strictObject({
    experiment: experimentIdSchema.describe('the name of the Katib Experiment'),
    trials: z.int().min(1).describe('how many completed trials the plots show'),
    plots: z.array(plotSchema).min(1),
  }),
  example: {
    experiment: 'xor-random',
    trials: 12,
    plots: [examplePlot('optimisation-history', 'The best validation accuracy is reached after 9 trials')],
  },
  terminal: true,
  extensions: { experiment: 'the name of the Katib Experiment' },
});
