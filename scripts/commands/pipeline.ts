import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { addJson, addStore } from './common.ts';

/** Of the project, from wherever the command is called. */
const FILE = fileURLToPath(new URL('../../kfp/pipeline.yaml', import.meta.url));
const EXPERIMENT = 'xorflow';

const PLACES = `
The server is the one of --host, else of KF_PIPELINES_ENDPOINT: an address in front of /apis/v2beta1. Who calls is said by
--token-file, else KF_PIPELINES_SA_TOKEN_PATH, else the session's cookie in KF_PIPELINES_COOKIE, else the token of the pod.
KF_PIPELINES_NAMESPACE stands in for --namespace, KF_PIPELINES_UI_ENDPOINT says where the pages are. See docs/pipelines.md.`;

const UPLOAD_EXAMPLES = `${PLACES}

Examples:
  xorflow pipeline upload --host http://localhost:8888
  xorflow pipeline upload --host https://kubeflow.example/pipeline --namespace alice --token-file token`;

const RUN_EXAMPLES = `
Parameters are those of the pipeline: dims, train_size, test_size, size_hidden, epochs, learning_rate, seed, models, preset,
experiment (the id of one that exists already), gateway. A value is JSON where it can be read so.
${PLACES}

Examples:
  xorflow pipeline run --local
  xorflow pipeline run --local --param dims=3 --param 'models=[{"name":"deep","hidden":[16,16]}]'
  xorflow pipeline run --local --param experiment=xor-0123456789ab
  xorflow pipeline run --host http://localhost:8888 --param preset=course
  xorflow pipeline run --host https://kubeflow.example/pipeline --namespace alice --no-wait`;

export interface CompileOptions {
  readonly image?: string;
  readonly out: string;
}

/** Which server of Kubeflow Pipelines. */
export interface RemoteOptions {
  readonly host?: string;
  readonly namespace?: string;
  readonly tokenFile?: string;
}

export interface UploadOptions extends RemoteOptions {
  readonly file: string;
  readonly name?: string;
  readonly json?: true;
}

export interface RunOptions extends UploadOptions {
  readonly local?: true;
  readonly param?: string[];
  readonly store?: string;
  readonly to?: string;
  readonly out?: string;
  readonly experimentName: string;
  readonly serviceAccount?: string;
  readonly wait: boolean;
}

/** `--param` may stand more than once. */
function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

function fileOption(flags: string, description: string): Option {
  return new Option(flags, description).default(FILE, 'kfp/pipeline.yaml of the project');
}

function addRemote(command: Command): Command {
  return command
    .option('--host <url>', 'the server of Kubeflow Pipelines (default: KF_PIPELINES_ENDPOINT)')
    .option('--namespace <name>', 'of the profile, where the server has many users')
    .option('--token-file <file>', 'a service account token for the audience pipelines.kubeflow.org')
    .option('--name <name>', 'what the pipeline is called on the server (default: as in the file)');
}

export function definePipeline(signal: AbortSignal, leave: (hint: string | undefined) => void): Command {
  const compile = new Command('compile')
    .description('write the pipeline of Kubeflow Pipelines that wraps the chain')
    .option('--image <reference>', 'the image of every step, with a tag or a digest (default: that of this version)')
    .addOption(fileOption('--out <file>', 'where it goes, - is stdout'))
    .action(async (options: CompileOptions) => (await import('../pipeline/compile.ts')).compile(options));
  const upload = new Command('upload')
    .description('upload the pipeline, as a version that is named by its bytes; what is there already stays')
    .addOption(fileOption('--file <file>', 'the compiled pipeline'));
  addJson(addRemote(upload))
    .addHelpText('after', UPLOAD_EXAMPLES)
    .action(async (options: UploadOptions) => (await import('../pipeline/upload.ts')).upload(options, signal));
  const run = new Command('run')
    .description('run the pipeline: in Kubeflow, or every step as it runs there on this machine')
    .addOption(fileOption('--file <file>', 'the compiled pipeline'))
    .option('--param <name=value>', 'a parameter of the run; may stand more than once', collect);
  addRemote(run)
    .option('--experiment-name <name>', 'the experiment of Kubeflow Pipelines that the run is filed under', EXPERIMENT)
    .option('--service-account <name>', "of the run's pods (default: the server's)")
    .option('--no-wait', 'end as soon as the run is created')
    .option('--local', 'on this machine, each step as a process')
    .option(
      '--to <url>',
      'with --local: the gateway of the steps; without it the local platform, started where none is up',
    )
    .option('--out <dir>', 'with --local: where artifacts go (default: .xorflow/runs/RUN)');
  addJson(addStore(run))
    .addHelpText('after', RUN_EXAMPLES)
    .action(async (options: RunOptions) => {
      if (options.local) await (await import('../pipeline/run.ts')).run(options, signal);
      else await (await import('../pipeline/remote.ts')).runRemote(options, signal, leave);
    });
  return new Command('pipeline')
    .description('the wrapper for Kubeflow Pipelines')
    .addCommand(compile)
    .addCommand(upload)
    .addCommand(run);
}
