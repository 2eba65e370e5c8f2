import { z } from 'zod';
import { defineEvent } from '../define.ts';
import { examplePlot } from '../examples.ts';
import { experimentIdSchema } from '../ids.ts';
import { plotSchema } from '../parts.ts';

export const samplesPlotted = defineEvent({
  type: 'samples.plotted',
  summary: 'The points of a two-dimensional dataset have been drawn.',
  schema: z.strictObject({ experiment: experimentIdSchema, plots: z.array(plotSchema).min(1) }),
  example: {
    experiment: 'xor-0123456789ab',
    plots: [examplePlot('scatter-train', 'The two classes lie across the diagonals')],
  },
});
