import type * as Vega from 'vega';
import type * as VegaLite from 'vega-lite';
import { textWidth } from './font.ts';

/** One mark of a drawn scene: all items of a kind. */
export interface SceneMark {
  marktype: string;
  items: SceneItem[];
  /** The parts of a group, in the scene that vega keeps; the mark of an item. */
  mark?: unknown;
}

/** One thing drawn; a group's own items are marks. */
export interface SceneItem {
  [channel: string]: unknown;
}

interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: number | string;
  readonly limit?: number;
}

type VegaModule = typeof Vega & {
  /** How the scene graph measures text; documented for hosts without a canvas, missing in the types. */
  readonly textMetrics: { width(item: TextItem, text: string | null | undefined): number };
};

// One minified file each: loads in 45 ms, where the hundred modules behind the bare names take 150 ms (measured).
const VEGA_FILE = new URL('vega.min.js', import.meta.resolve('vega'));
const VEGA_LITE_FILE = new URL('vega-lite.min.js', import.meta.resolve('vega-lite'));

/** The very file that pages carry. */
export const VEGA_RUNTIME_FILE = VEGA_FILE;

// As ES modules the two find neither `exports` nor `define`, and leave themselves on the global object.
await import(VEGA_FILE.href);
await import(VEGA_LITE_FILE.href);
const { vega: loadedVega, vegaLite: loadedVegaLite } = globalThis as unknown as {
  vega: VegaModule;
  vegaLite: typeof VegaLite;
};

export const vega = loadedVega;
export const vegaLite = loadedVegaLite;

// A limit cuts the text, so that no measure exceeds it; asking vega to cut first would ask here again.
vega.textMetrics.width = (item, text) => {
  const width = textWidth(String(text ?? '').trim(), item.fontSize ?? 11, item.fontWeight);
  return item.limit !== undefined && item.limit > 0 ? Math.min(width, item.limit) : width;
};
