import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { defineDeploy } from './commands/deploy.ts';
import { defineDoctor } from './commands/doctor.ts';
import { defineEvents } from './commands/events.ts';
import { defineList } from './commands/list.ts';
import { definePipeline } from './commands/pipeline.ts';
import { defineRun } from './commands/run.ts';
import { defineShow } from './commands/show.ts';
import { defineStart } from './commands/start.ts';
import { defineTune } from './commands/tune.ts';
import { defineUndeploy } from './commands/undeploy.ts';
import { defineUp } from './commands/up.ts';
import { defineVerify } from './commands/verify.ts';
import { documentOfError, EXIT, exitCodeOf, Interrupted, sentenceOfError, usageError } from './exit.ts';
import { type Interruption, makeInterruption } from './interrupt.ts';

const DEFINITIONS = [
  defineStart,
  defineUp,
  defineRun,
  defineList,
  defineShow,
  defineEvents,
  defineVerify,
  defineTune,
  definePipeline,
  defineDoctor,
  defineDeploy,
  defineUndeploy,
];

const CODES = `
Exit codes: 0 done, 1 the experiment failed, or what is deployed is not ready, 2 wrong usage, 3 the platform
cannot be reached or started, 130 interrupted. DEBUG=1 shows the stack of an error.`;

/** Runs the command line; resolves to the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const interruption = makeInterruption();
  const { signal } = interruption;
  const program = new Command('xorflow')
    .description('The XOR experiment as a chain of events: on this machine, or on Knative with the same manifests')
    .version(versionOf(), '--version', 'show the version')
    .addHelpText('after', CODES);
  for (const define of DEFINITIONS) program.addCommand(define(signal, interruption.leave));
  for (const command of [program, ...program.commands.flatMap((one) => [one, ...one.commands])]) {
    command
      .exitOverride()
      .configureOutput({ outputError: () => {} })
      .showSuggestionAfterError();
  }
  if (args.length === 0) {
    program.outputHelp({ error: true });
    return EXIT.usage;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? EXIT.done);
  } catch (thrown) {
    // A command of commands, without one: its help has been shown.
    if (thrown instanceof CommanderError && thrown.code === 'commander.help') return EXIT.usage;
    return report(signal.aborted ? signal.reason : toUsage(thrown, program, args), args, interruption);
  }
}

/** Commander's errors as one sentence; undefined where it has only shown help. */
function toUsage(thrown: unknown, program: Command, args: readonly string[]): unknown {
  if (!(thrown instanceof CommanderError)) return thrown;
  if (thrown.exitCode === 0) return undefined;
  const text = thrown.message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.*)\?\)/s, '; did you mean $1?')
    .replace(/\.$/, '');
  const allowed = text.includes('did you mean') ? [] : allowedAt(thrown.code, program, args);
  const hint = allowed.length === 0 ? '' : `: expected one of ${allowed.join(', ')}`;
  return usageError(`${text.charAt(0).toUpperCase()}${text.slice(1)}${hint}`);
}

/** What could stand in the place of something unknown. */
function allowedAt(code: string, program: Command, args: readonly string[]): readonly string[] {
  if (code === 'commander.unknownCommand') return program.commands.map((command) => command.name());
  if (code !== 'commander.unknownOption') return [];
  const command = program.commands.find((one) => one.name() === args.find((text) => !text.startsWith('-'))) ?? program;
  return command
    .createHelp()
    .visibleOptions(command)
    .map(({ long }) => long)
    .filter((long) => typeof long === 'string');
}

function versionOf(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

function report(error: unknown, args: readonly string[], { tell }: Interruption): number {
  if (error === undefined) return EXIT.done;
  if (args.includes('--json')) process.stdout.write(`${JSON.stringify(documentOfError(error))}\n`);
  if (error instanceof Interrupted) tell();
  else process.stderr.write(`xorflow: ${sentenceOfError(error)}\n`);
  return exitCodeOf(error);
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough (`| head`) is no error of ours.
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  const why = error.code === 'ENOSPC' ? 'the disk is full' : error.code;
  process.stderr.write(`xorflow: Cannot write to standard output: ${why}\n`);
  process.exit(EXIT.unreachable);
});
// There is nobody left to tell.
process.stderr.on('error', () => undefined);

const code = await main(process.argv.slice(2));
await new Promise((done) => process.stdout.write('', done));
process.exit(code);
