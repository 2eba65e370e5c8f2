import { readFileSync } from 'node:fs';
import { FONT } from './font.ts';
import { VEGA_RUNTIME_FILE } from './vega.ts';

let runtime: string | undefined;

/** More marks than this are drawn on a canvas: an SVG of them makes a browser slow. */
const MAX_SVG_ITEMS = 20_000;

/** A chart of a page. */
export interface PageChart {
  readonly title: string;
  /** The compiled Vega spec, as JSON. */
  readonly spec: string;
}

/** A page that shows charts wherever scripts may run: it asks for nothing, not even in a frame without origin. */
export function toPage(title: string, charts: readonly PageChart[]): string {
  runtime ??= readFileSync(VEGA_RUNTIME_FILE, 'utf8').replace(/<\/(?=script)/gi, '<\\/');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${inMarkup(title)}</title>
<link rel="icon" href="data:,">
<style>
body { margin: 0; background: #fff; font: 14px ${FONT}, system-ui, sans-serif; }
#plot svg, #plot canvas { display: block; max-width: 100%; height: auto; }
#plot div + div { margin-top: 28px; }
#tip { position: fixed; display: none; padding: 6px 9px; border: 1px solid #bbb; border-radius: 4px; background: #fff;
  box-shadow: 0 2px 6px #0003; font-size: 13px; pointer-events: none; white-space: pre; }
</style>
</head>
<body>
<main id="plot">${charts.map((chart) => `<div role="img" aria-label="${inMarkup(chart.title)}"></div>`).join('')}</main>
<div id="tip" role="tooltip"></div>
<script>${runtime}</script>
<script>
const specs = [${charts.map((chart) => inScript(chart.spec)).join(',\n')}];
${SCRIPT}</script>
</body>
</html>
`;
}

const SCRIPT = `const tip = document.getElementById('tip');
const show = (_, event, item, value) => {
  tip.style.display = value == null || value === '' ? 'none' : 'block';
  tip.textContent = value !== null && typeof value === 'object'
    ? Object.entries(value).map(([key, text]) => key + ': ' + text).join('\\n')
    : String(value ?? '');
  tip.style.left = Math.max(0, Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 4)) + 'px';
  tip.style.top = Math.max(0, Math.min(event.clientY + 12, innerHeight - tip.offsetHeight - 4)) + 'px';
};
const size = (part) => (part.items ?? []).reduce((sum, item) => sum + size(item), 1);
const draw = async (spec, index) => {
  const view = new vega.View(vega.parse(spec), { renderer: 'none', tooltip: show });
  await view.runAsync();
  view.renderer(size(view.scenegraph().root) > ${MAX_SVG_ITEMS} ? 'canvas' : 'svg');
  await view.initialize(document.getElementById('plot').children[index]).hover().runAsync();
};
Promise.all(specs.map(draw)).then(() => { document.body.dataset.drawn = 'true'; });
`;

/** JSON inside a script element, where `</script` and `<!--` would be read as markup. */
function inScript(json: string): string {
  return json.replaceAll('<', '\\u003c');
}

function inMarkup(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
