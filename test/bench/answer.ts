import { createInterface } from 'node:readline';

/** Says what this process is, then answers each line of stdin with milliseconds and an outcome. */
export async function answer(
  description: string,
  work: (line: string) => Promise<{ ms: number; outcome: string }>,
): Promise<void> {
  process.stdout.write(`ready ${description}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    const { ms, outcome } = await work(line);
    process.stdout.write(`${ms.toFixed(3)} ${outcome}\n`);
  }
}

/** Says why there is nothing to measure. */
export function lack(reason: unknown): never {
  process.stdout.write(`missing ${reason instanceof Error ? reason.message : String(reason)}\n`);
  process.exit(0);
}

/** One training as `npm run bench` asks for it: `dims epochs points validation rate seed widths`, our engines also `batch=`. */
export function readTraining(line: string) {
  const [, wanted = line, batch] = /^(.*) batch=(\d+)$/.exec(line) ?? [];
  const batchSize = batch === undefined ? ('full' as const) : Number(batch);
  const [dims = 2, epochs = 1, trainSize = 1, validationSize = 1, learningRate = 0.01, seed = 0, ...hidden] = wanted
    .split(' ')
    .map(Number);
  return { batchSize, dims, epochs, trainSize, validationSize, learningRate, seed, hidden };
}

export function toOutcome(loss: number | undefined, accuracy: number | undefined): string {
  return `loss ${loss?.toFixed(4)}, accuracy ${accuracy?.toFixed(4)}`;
}
