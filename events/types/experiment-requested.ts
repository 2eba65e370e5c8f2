import { defineEvent } from '../define.ts';
import { specSchema } from '../spec.ts';

export const experimentRequested = defineEvent({
  type: 'experiment.requested',
  summary: 'Somebody wants an experiment run; the data are its spec, every field of which has a default.',
  schema: specSchema,
  example: specSchema.parse({}),
});
