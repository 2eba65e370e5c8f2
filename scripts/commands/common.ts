import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { XorflowError } from '../../events/errors.ts';
import type { Records } from '../../functions/client/logged.ts';
import { usageError } from '../exit.ts';

/** The options that say which platform, or which record, is meant. */
export interface PlaceOptions {
  readonly to?: string;
  readonly store?: string;
}

export const DATA = '.xorflow';

export function addStore(command: Command): Command {
  return command.option('--store <dir>', `where the local platform keeps its data (default: "${DATA}" in this folder)`);
}

export function addPlace(command: Command): Command {
  return addStore(command.option('--to <url>', 'the platform to ask, such as http://127.0.0.1:8080'));
}

export function addJson(command: Command, what = 'one JSON document on stdout, all else on stderr'): Command {
  return command.option('--json', what);
}

/** `--hidden` and `--model` may stand more than once. */
function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** Everything of an experiment's spec that has an option. The values are checked by the schema, not here. */
export function addSpec(command: Command): Command {
  return command
    .option('--name <text>', 'for people (default: "xor")')
    .option('--dims <n>', 'dimensions of the XOR problem (default: 2)')
    .option('--train-size <n>', 'points to train on (default: 10000)')
    .option('--validation-size <n>', 'points that searches are judged by (default: 1000)')
    .option('--test-size <n>', 'points that are looked at once, at the end (default: 1000)')
    .addOption(
      new Option(
        '--hidden <widths>',
        'widths of the model beside the linear one (default: 16); again for one more model',
      ).argParser(collect),
    )
    .addOption(
      new Option('--model <name=widths>', 'one of the models, again for each; NAME= is linear').argParser(collect),
    )
    .option('--epochs <n>', 'passes over the training points (default: 1000)')
    .option('--learning-rate <x>', 'of the optimizer (default: 0.01)')
    .option('--batch-size <n>', 'points per step, or full (default: full)')
    .option('--optimizer <name>', 'adam or sgd (default: adam)')
    .option('--momentum <x>', 'of sgd (default: 0)')
    .option('--activation <name>', 'of the hidden layers: relu, tanh or sigmoid (default: relu)')
    .option('--seed <n>', 'of the points and of the weights (default: 42)')
    .option('--engine <name>', 'what trains (default: auto)')
    .option('--preset <name>', 'default, or course: the published run')
    .option('--spec <file>', 'the spec as JSON, - for standard input; options win over it');
}

/** Reads a port. @throws RejectedError `INVALID_ARGUMENT` */
export function toPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw usageError(`Wrong value ${JSON.stringify(text)} at --port: expected an integer from 0 (any free one) to 65535`);
}

/** @throws RejectedError `INVALID_ARGUMENT` when both are given */
export function checkPlace({ to, store }: PlaceOptions): void {
  if (to !== undefined && store !== undefined) {
    throw usageError('Both --to and --store: expected one of them, a platform elsewhere has its own store');
  }
}

/**
 * The record that `--to` or `--store` names: of a platform elsewhere, or of this folder.
 *
 * @throws XorflowError `STORE_UNAVAILABLE` where `--store` names a folder without one
 */
export async function openPlace(options: PlaceOptions): Promise<Records> {
  checkPlace(options);
  if (options.to !== undefined) {
    const [{ makeClient }, { parseUrl }] = await Promise.all([
      import('../../functions/client/client.ts'),
      import('../url.ts'),
    ]);
    return makeClient(parseUrl(options.to));
  }
  const { openRecords, storeFolder } = await import('../records.ts');
  if (options.store !== undefined && !existsSync(storeFolder(options.store))) {
    throw new XorflowError(
      'STORE_UNAVAILABLE',
      `No store in ${JSON.stringify(options.store)} at --store: expected a folder that "xorflow run" or "xorflow up" has made`,
    );
  }
  return openRecords(options.store ?? DATA);
}
