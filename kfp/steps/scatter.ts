import { XorflowError } from '../../events/errors.ts';
import { awaitEvent } from '../follow.ts';
import { type Step, textOf } from './context.ts';
import { writePage } from './page.ts';

/** Waits for the plots of the points, and shows them. */
export const scatter: Step = async (context) => {
  const { execution, client, signal } = context;
  const { data } = await awaitEvent(client, textOf(execution, 'experiment'), 'samples.plotted', signal);
  if (!data) throw new XorflowError('INVALID_EVENT', 'samples.plotted without data');
  await writePage(context, 'plots', 'The points', data.plots);
};
