/** `npm run bench`: what takes how long, and how long others take for the same; one table. */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { Argument, Command, CommanderError, Option } from 'commander';
import { benchCosts } from './bench/cost.ts';
import { benchExperiments } from './bench/experiment.ts';
import { benchLoop } from './bench/loop.ts';
import { type Measurement, medianOf } from './bench/measure.ts';
import { benchStarts } from './bench/start.ts';
import { benchTraining } from './bench/train.ts';
import { benchTuning } from './bench/tune.ts';
import { EXIT, exitCodeOf, sentenceOfError, usageError } from './exit.ts';
import { type Column, formatTable } from './table.ts';

interface Options {
  readonly peers?: true;
  readonly json?: true;
  readonly times: number;
  readonly epochs?: number;
}

const PARTS = {
  train: benchTraining,
  cost: benchCosts,
  experiment: benchExperiments,
  loop: benchLoop,
  start: benchStarts,
  tune: benchTuning,
};
/** What `npm run bench` measures when it is told nothing: what people wait for. */
const USUAL: readonly Part[] = ['train', 'experiment', 'start'];
type Part = keyof typeof PARTS;
/** Those in which several do the same work. */
const COMPARED: readonly string[] = ['train', 'cost', 'tune'] satisfies Part[];

const NOTES = `
Each contestant runs once to load and warm up (First), then in turn with the others, -n rounds; the table has the medians.
Peers that the machine lacks are left out, and named: PyTorch and Optuna (PYTHON names the Python that has
them), a C compiler (CC).

Examples:
  npm run bench
  npm run bench -- train --peers -n 5
  npm run bench -- tune --peers
  npm run bench -- start --json`;

async function bench(parts: readonly Part[], { times, peers, epochs, json }: Options): Promise<void> {
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  const [load = 0] = loadavg();
  const cores = availableParallelism();
  if (load > cores) say(`The machine is busy (load ${load.toFixed(1)} on ${cores} cores): times will be too long`);
  const measurements: Measurement[] = [];
  for (const part of parts) measurements.push(...(await PARTS[part]({ times, peers: peers === true, epochs }, say)));
  if (json) {
    const machine = { cpu: cpus()[0]?.model ?? process.arch, cores: cpus().length, node: process.versions.node };
    const rows = measurements.map((one) => ({ ...one, median: medianOf(one.samples) }));
    return void process.stdout.write(`${JSON.stringify({ machine, times, measurements: rows })}\n`);
  }
  process.stdout.write(formatTable(columnsOf(measurements), measurements));
}

function columnsOf(all: readonly Measurement[]): Column<Measurement>[] {
  const best = (one: Measurement) =>
    Math.min(
      ...all.filter(({ what, part }) => what === one.what && part === one.part).map((it) => medianOf(it.samples)),
    );
  const ms = (value: number) => (value < 100 ? value.toFixed(1) : value.toFixed(0));
  return [
    { title: 'Part', text: ({ part }) => part },
    { title: 'What', text: ({ what }) => what },
    { title: 'Who', text: ({ who }) => who },
    { title: 'Median ms', align: 'right', text: ({ samples }) => ms(medianOf(samples)) },
    { title: 'Best', align: 'right', text: ({ samples }) => ms(Math.min(...samples)) },
    { title: 'Worst', align: 'right', text: ({ samples }) => ms(Math.max(...samples)) },
    { title: 'First', align: 'right', text: ({ first }) => ms(first) },
    {
      title: 'x',
      align: 'right',
      text: (one) => (COMPARED.includes(one.part) ? (medianOf(one.samples) / best(one)).toFixed(1) : ''),
    },
    { title: 'Outcome', text: ({ outcome }) => outcome },
  ];
}

function toCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw usageError(`Wrong value ${JSON.stringify(text)}: expected an integer from 1`);
}

const names = Object.keys(PARTS) as Part[];
const command = new Command('bench')
  .description(
    'measures trainings, whole experiments and the cold start of every function; cost: what auto picks an engine by; loop: the event loop while models train; tune: a search of 40 trials',
  )
  .addArgument(new Argument('[parts...]', 'what to measure').choices(names).default(USUAL, USUAL.join(', ')))
  .addOption(new Option('-n, --times <n>', 'rounds').argParser(toCount).default(5))
  .addOption(new Option('--epochs <n>', 'of each training and trial, instead of its own number').argParser(toCount))
  .option('--peers', 'trainings also by PyTorch, a loop in C and the fit of TensorFlow.js; searches also by Optuna')
  .option('--json', 'one JSON document on stdout, all else on stderr')
  .addHelpText('after', NOTES)
  .exitOverride()
  .configureOutput({ outputError: () => {} });

try {
  command.parse(process.argv);
  await bench(command.processedArgs[0] as Part[], command.opts<Options>());
} catch (thrown) {
  if (!(thrown instanceof CommanderError && thrown.exitCode === 0)) {
    const error = thrown instanceof CommanderError ? usageError(thrown.message.replace(/^error: /, '')) : thrown;
    process.stderr.write(`xorflow: ${sentenceOfError(error)}\n`);
    process.exitCode = thrown instanceof CommanderError ? EXIT.usage : exitCodeOf(error);
  }
}
