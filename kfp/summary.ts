import type { DataOf } from '../events/define.ts';
import type { experimentCompleted } from '../events/registry.ts';

const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
/** A name may hold no character that Markdown reads, but for these. */
const escaped = (text: string) => text.replace(/[_*[\]()+.-]/g, (character) => `\\${character}`);

/** The summary of an experiment as Markdown: the table of models, and where everything is. */
export function summaryOf(data: DataOf<typeof experimentCompleted>, gateway: string): string {
  const rows = data.models.map(({ name, hidden, parameters, engine, train, test, auc }) =>
    [
      escaped(name),
      hidden.join(', ') || 'linear',
      parameters,
      percent(test.accuracy),
      test.loss.toFixed(4),
      auc.toFixed(4),
      percent(train.accuracy),
      train.loss.toFixed(4),
      engine,
    ].join(' | '),
  );
  const page = `${gateway}/experiments/${data.experiment}`;
  return [
    `# ${escaped(data.experimentName)}`,
    '',
    `Experiment [${data.experiment}](${page}) in ${data.dataset.dims} dimensions.`,
    '',
    'Model | Hidden | Parameters | Test accuracy | Test loss | AUC | Train accuracy | Train loss | Engine',
    '--- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---',
    ...rows,
    '',
    'The plots, each as a picture and as a page:',
    '',
    ...data.plots.map(({ title, png, html }) => {
      const link = (text: string, digest: string) => `[${text}](${gateway}/artifacts/${digest.replace(':', '/')})`;
      return `- ${escaped(title)}: ${link('PNG', png.digest)}, ${link('HTML', html.digest)}`;
    }),
    '',
    `Training data \`${data.dataset.train.digest}\`, test data \`${data.dataset.test.digest}\`.`,
    '',
  ].join('\n');
}
