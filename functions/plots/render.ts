import { Resvg } from '@resvg/resvg-js';
import { compile, raisingLogger } from './compile.ts';
import { FONT, FONT_FILES, WORD_SPACING } from './font.ts';
import { mergeItems } from './merge.ts';
import { toPage } from './page.ts';
import type { Chart } from './theme.ts';
import { type SceneMark, vega } from './vega.ts';

/** A chart in the three ways that are kept. */
export interface Rendered {
  readonly spec: Uint8Array<ArrayBuffer>;
  readonly png: Uint8Array<ArrayBuffer>;
  readonly html: Uint8Array<ArrayBuffer>;
}

/** Pixels of the PNG for one of the spec. */
export const SCALE = 2;

/**
 * Draws a chart: the same spec gives the same bytes, on any machine.
 *
 * @throws Error where the spec makes Vega-Lite warn: a warning is a fault of the chart
 */
export async function render(chart: Chart): Promise<Rendered> {
  const compiled = compile(chart);
  const html = toPage(chart.title, [{ title: chart.title, spec: JSON.stringify(compiled) }]);
  const view = new vega.View(vega.parse(compiled), { renderer: 'none', logger: raisingLogger(chart.name) });
  try {
    await view.runAsync();
    mergeItems((view.scenegraph() as unknown as { root: SceneMark }).root);
    const svg = (await view.toSVG()).replace('<svg ', `<svg word-spacing="${WORD_SPACING}" `);
    const image = new Resvg(svg, {
      font: {
        loadSystemFonts: false,
        fontFiles: Object.values(FONT_FILES),
        defaultFontFamily: FONT,
        sansSerifFamily: FONT,
      },
      fitTo: { mode: 'zoom', value: SCALE },
    });
    return {
      spec: bytesOf(`${JSON.stringify(chart.spec, null, 2)}\n`),
      png: new Uint8Array(image.render().asPng()),
      html: bytesOf(html),
    };
  } finally {
    view.finalize();
  }
}

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));
