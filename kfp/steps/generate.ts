import { XorflowError } from '../../events/errors.ts';
import { SPLITS } from '../../events/parts.ts';
import { awaitEvent } from '../follow.ts';
import { type Step, textOf } from './context.ts';

/** Waits for the points, and shows each split as a dataset and how many of its points have which label. */
export const generate: Step = async ({ execution, client, signal, say }) => {
  const { data } = await awaitEvent(client, textOf(execution, 'experiment'), 'dataset.generated', signal);
  if (!data) throw new XorflowError('INVALID_EVENT', 'dataset.generated without data');
  const balance: Record<string, number> = {};
  for (const split of SPLITS) {
    const { digest, size } = data.dataset[split];
    const { zeros, ones } = data.balance[split];
    const metadata = { digest, bytes: size, points: zeros + ones, dims: data.dataset.dims };
    await client.save(digest, execution.fileOf(split, metadata), signal);
    balance[`${split} points`] = zeros + ones;
    balance[`${split} points of class 1`] = ones;
    say(`${split}: ${zeros + ones} points, ${digest}`);
  }
  execution.fileOf('balance', balance);
};
