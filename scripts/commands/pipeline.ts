import { Command } from 'commander';
import { addJson, addStore } from './common.ts';

const FILE = 'kfp/pipeline.yaml';

const RUN_EXAMPLES = `
Parameters are those of the pipeline: dims, train_size, test_size, size_hidden, epochs, learning_rate, seed, models, preset,
experiment (the id of one that exists already). A value is JSON where it can be read so.

Examples:
  xorflow pipeline run --local
  xorflow pipeline run --local --param dims=3 --param 'models=[{"name":"deep","hidden":[16,16]}]'
  xorflow pipeline run --local --param experiment=xor-0123456789ab`;

export interface CompileOptions {
  readonly image?: string;
  readonly out: string;
}

export interface LocalRunOptions {
  readonly local?: true;
  readonly file: string;
  readonly param?: string[];
  readonly store?: string;
  readonly to?: string;
  readonly out?: string;
  readonly json?: true;
}

/** `--param` may stand more than once. */
function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

export function definePipeline(signal: AbortSignal): Command {
  const compile = new Command('compile')
    .description('write the pipeline of Kubeflow Pipelines that wraps the chain')
    .option('--image <reference>', 'the image of every step, with a tag or a digest (default: that of this version)')
    .option('--out <file>', 'where it goes, - is stdout', FILE)
    .action(async (options: CompileOptions) => (await import('../pipeline/compile.ts')).compile(options));
  const run = new Command('run')
    .description('run the pipeline: every step as it runs in Kubeflow')
    .option('--local', 'on this machine, each step as a process')
    .option('--file <file>', 'the compiled pipeline', FILE)
    .option('--param <name=value>', 'a parameter of the run; may stand more than once', collect)
    .option('--to <url>', 'the gateway that the steps talk to; without it the local platform, started where none is up')
    .option('--out <dir>', 'where artifacts go (default: .xorflow/runs/RUN)');
  addJson(addStore(run))
    .addHelpText('after', RUN_EXAMPLES)
    .action(async (options: LocalRunOptions) => (await import('../pipeline/run.ts')).run(options, signal));
  return new Command('pipeline').description('the wrapper for Kubeflow Pipelines').addCommand(compile).addCommand(run);
}
