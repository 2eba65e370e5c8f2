import { writeFileSync } from 'node:fs';
import { XorflowError } from '../../events/errors.ts';
import type { Plot } from '../../events/parts.ts';
import type { Client } from '../../functions/client/client.ts';
import { compile } from '../../functions/plots/compile.ts';
import { toPage } from '../../functions/plots/page.ts';
import type { Spec } from '../../functions/plots/theme.ts';
import type { Execution } from '../executor.ts';

/** What a step works with. */
export interface StepContext {
  readonly execution: Execution;
  readonly client: Client;
  /** Aborted at the step's deadline, and when its pod is stopped. */
  readonly signal: AbortSignal;
  say(line: string): void;
}

export type Step = (context: StepContext) => Promise<void>;

/** A text parameter. @throws XorflowError `INVALID_ARGUMENT` where it is missing */
export function textOf({ parameters }: Execution, name: string): string {
  const value = parameters[name];
  if (typeof value === 'string') return value;
  throw new XorflowError('INVALID_ARGUMENT', `Wrong value ${JSON.stringify(value)} at ${name}: expected a string`);
}

/** An integer parameter. @throws XorflowError `INVALID_ARGUMENT` where it is missing */
export function integerOf({ parameters }: Execution, name: string): number {
  const value = parameters[name];
  if (Number.isInteger(value)) return Number(value);
  throw new XorflowError('INVALID_ARGUMENT', `Wrong value ${JSON.stringify(value)} at ${name}: expected an integer`);
}

/** The id that a run gives its experiment: the same for every pod and every retry. */
export function experimentOf(run: string): string {
  return `run-${run}`;
}

/** Writes plots as one page that asks for nothing: the dashboard shows one page of a step. */
export async function writePage(
  { execution, client, signal }: StepContext,
  output: string,
  title: string,
  plots: readonly Plot[],
): Promise<void> {
  const charts = await Promise.all(
    plots.map(async ({ name, title: text, spec }) => {
      const parsed = JSON.parse((await client.artifact(spec.digest, signal)).toString()) as Spec;
      return { title: text, spec: JSON.stringify(compile({ name, title: text, spec: parsed })) };
    }),
  );
  writeFileSync(execution.fileOf(output, { display_name: title }), toPage(title, charts));
}
