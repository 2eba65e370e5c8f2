import { startBroker } from '../../../knative/local/broker.ts';

const [journal = '', subscriber = ''] = process.argv.slice(2);
const broker = await startBroker(
  [{ name: 'default', namespace: 'ns', async: true }],
  [
    {
      name: 't0',
      namespace: 'ns',
      broker: 'default',
      subscriber,
      delivery: { retry: 100_000, backoffPolicy: 'exponential', backoffDelay: 'PT0.05S' },
    },
  ],
  { journal, log: () => {} },
);
process.stdout.write(`${broker.url}\n`);
