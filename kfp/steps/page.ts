import { writeFileSync } from 'node:fs';
import type { Plot } from '../../events/parts.ts';
import { compile } from '../../functions/plots/compile.ts';
import { toPage } from '../../functions/plots/page.ts';
import type { Spec } from '../../functions/plots/theme.ts';
import type { StepContext } from './context.ts';

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
