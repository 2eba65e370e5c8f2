import { writeFileSync } from 'node:fs';
import { XorflowError } from '../../events/errors.ts';
import { awaitEvent } from '../follow.ts';
import { summaryOf } from '../summary.ts';
import { type Step, textOf } from './context.ts';
import { writePage } from './page.ts';

/** Waits for the end, and shows the models side by side: numbers, plots, and a summary with links. */
export const compare: Step = async (context) => {
  const { execution, client, signal, say } = context;
  const experiment = textOf(execution, 'experiment');
  const { data } = await awaitEvent(client, experiment, 'experiment.completed', signal);
  if (!data) throw new XorflowError('INVALID_EVENT', 'experiment.completed without data');
  const metrics = data.models.flatMap(({ name, test, train }) => [
    [`${name}: test accuracy`, test.accuracy],
    [`${name}: test loss`, test.loss],
    [`${name}: train accuracy`, train.accuracy],
    [`${name}: train loss`, train.loss],
  ]);
  execution.fileOf('metrics', Object.fromEntries(metrics));
  const plots = data.plots.filter(({ name }) => !name.startsWith('scatter-'));
  await writePage(context, 'plots', 'The models compared', plots);
  writeFileSync(
    execution.fileOf('summary', { display_name: 'Summary' }),
    summaryOf(data, textOf(execution, 'gateway')),
  );
  for (const { name, test } of data.models) say(`${name}: test accuracy ${test.accuracy}, loss ${test.loss}`);
};
