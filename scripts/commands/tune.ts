import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { addJson, addPlace, checkPlace, type PlaceOptions } from './common.ts';
import type { Leave } from './run.ts';

/** Of the project, from wherever the command is called. */
const FILE = fileURLToPath(new URL('../../katib/experiment.yaml', import.meta.url));

export interface TuneOptions extends PlaceOptions {
  readonly name?: string;
  readonly out?: string;
  readonly json?: true;
}

const EXAMPLES = `
A search is known by its name: interrupted, it goes on where it was; over, it is shown as it is on record, unless its file
allows it more trials and its resumePolicy lets it go on. --name runs the same Experiment anew, under another name.

Examples:
  xorflow tune                                  katib/experiment.yaml
  xorflow tune katib/examples/parity-4d.yaml
  xorflow tune --name second --json > search.json
  xorflow run --from-trial xor-mlp              an experiment with the best assignments of a search`;

export function defineTune(signal: AbortSignal, leave: Leave): Command {
  const command = new Command('tune')
    .description('run a Katib Experiment on this machine, with the semantics of Katib')
    .argument('[file]', 'a Katib Experiment (default: katib/experiment.yaml of the project)')
    .option('--name <name>', 'of the search, instead of metadata.name');
  return addJson(addPlace(command))
    .option('--out <dir>', 'where the plots and the table of trials go (default: ".xorflow/results/NAME")')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string | undefined, options: TuneOptions) => {
      checkPlace(options);
      const { runSearch } = await import('../tune/run.ts');
      await runSearch(file ?? FILE, options, signal, leave);
    });
}
