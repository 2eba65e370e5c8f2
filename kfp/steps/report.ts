import { writeFileSync } from 'node:fs';
import { toError } from '../../events/errors.ts';
import { stateOf } from '../../functions/client/logged.ts';
import { sentenceOfFailure } from '../follow.ts';
import { experimentOf, type Step, textOf } from './context.ts';

/** Says how the run ended, whatever happened in it: it shows in the dashboard also where every other step failed. */
export const report: Step = async ({ execution, client, signal, say }) => {
  const experiment = textOf(execution, 'experiment') || experimentOf(textOf(execution, 'run_id'));
  const { status } = execution.parameters;
  const ended = (status as { state?: unknown } | undefined)?.state;
  const isGood = ended === 'COMPLETE' || ended === 'SUCCEEDED';
  const lines = [`# ${isGood ? 'The run is complete' : 'The run failed'}`, ''];
  try {
    const state = stateOf(experiment, await client.events(experiment, signal));
    if (state.failure) lines.push(sentenceOfFailure(state.failure));
    else if (state.status === 'completed') lines.push(`Experiment ${experiment} is completed.`);
    else lines.push(`Experiment ${experiment} is ${state.status}; the step that failed says why in its log.`);
  } catch (error) {
    lines.push(`Nothing is known of experiment ${experiment}: ${toError(error).message}`);
  }
  for (const line of lines.filter((text) => text !== '')) say(line);
  writeFileSync(execution.fileOf('report', { display_name: 'Report' }), `${lines.join('\n')}\n`);
};
