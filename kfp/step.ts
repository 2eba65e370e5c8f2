/** The program of a step's pod: `step.ts NAME --executor_input JSON`. */
import { parseArgs } from 'node:util';
import { toError, XorflowError } from '../events/errors.ts';
import { makeClient } from '../functions/client/client.ts';
import { openExecution } from './executor.ts';
import { STEP_DEADLINE, type StepName } from './pipeline.ts';
import { type Step, textOf } from './steps/context.ts';

/** Each loaded alone: the plots' libraries take longer to load than most steps take. */
const STEPS: Readonly<Record<StepName, () => Promise<Step>>> = {
  start: async () => (await import('./steps/start.ts')).start,
  generate: async () => (await import('./steps/generate.ts')).generate,
  scatter: async () => (await import('./steps/scatter.ts')).scatter,
  train: async () => (await import('./steps/train.ts')).train,
  compare: async () => (await import('./steps/compare.ts')).compare,
  report: async () => (await import('./steps/report.ts')).report,
};

/** A gateway may be moved to another node in the meantime. */
const PATIENCE = { silence: 120_000, away: 180_000 };

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { executor_input: { type: 'string' } },
    allowPositionals: true,
  });
  const [name = ''] = positionals;
  const load = Object.hasOwn(STEPS, name) ? STEPS[name as StepName] : undefined;
  if (!load) {
    const names = Object.keys(STEPS).join(', ');
    throw new XorflowError('INVALID_ARGUMENT', `Wrong step ${JSON.stringify(name)}: expected one of ${names}`);
  }
  const step = await load();
  const execution = openExecution(values.executor_input ?? '');
  const client = makeClient(textOf(execution, 'gateway').replace(/\/+$/, ''), PATIENCE);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => stop.abort(new Error(`Stopped by ${signal}`)));
  await step({ execution, client, signal: AbortSignal.any([stop.signal, deadline()]), say });
  execution.finish();
}

/** Before the pod's own, which would leave the step running for ever in the dashboard. */
function deadline(): AbortSignal {
  const seconds = Number(process.env.XORFLOW_STEP_DEADLINE || STEP_DEADLINE);
  const late = new AbortController();
  setTimeout(() => late.abort(new Error(`Not done within ${seconds} s`)), seconds * 1000).unref();
  return late.signal;
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${toError(error).message}\n`);
    process.exit(1);
  },
);
