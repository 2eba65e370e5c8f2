import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The one family of all pictures; it comes from npm, never from the machine. */
export const FONT = 'Inter';

const fileOf = (path: string) => fileURLToPath(import.meta.resolve(`@expo-google-fonts/inter/${path}`));

/** The font's files, for a renderer that must not look at the machine's fonts. */
export const FONT_FILES = {
  regular: fileOf('400Regular/Inter_400Regular.ttf'),
  semibold: fileOf('600SemiBold/Inter_600SemiBold.ttf'),
} as const;

/** Advance widths of a TrueType font, in units of one em. */
export interface Face {
  advance(codePoint: number): number;
}

const faces = new Map<string, Face>();

/** Pixels added to every space: Inter kerns `1 hidden` so tightly that it reads as one word. */
export const WORD_SPACING = 1;

/** The width of text set in Inter, in pixels; without kerning, which only ever makes it a few percent less. */
export function textWidth(text: string, size: number, weight: number | string = 400): number {
  const heavy = weight === 'bold' || Number(weight) >= 600;
  const file = heavy ? FONT_FILES.semibold : FONT_FILES.regular;
  let face = faces.get(file);
  if (!face) {
    face = readFace(readFileSync(file));
    faces.set(file, face);
  }
  let width = 0;
  let spaces = 0;
  for (const character of text) {
    width += face.advance(character.codePointAt(0) ?? 0);
    if (character === ' ') spaces += 1;
  }
  return width * size + spaces * WORD_SPACING;
}

/**
 * Breaks text into lines no wider than `width` pixels: between clauses (after `;`) where one line does not hold it, then at
 * spaces. A word wider than that stands alone.
 */
export function wrapText(text: string, width: number, size: number, weight: number | string = 400): string[] {
  if (textWidth(text, size, weight) <= width) return [text];
  return text.split(/(?<=;) /).flatMap((clause) => wrapClause(clause, width, size, weight));
}

function wrapClause(clause: string, width: number, size: number, weight: number | string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of clause.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer, size, weight) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

/**
 * Reads the tables `head`, `hhea`, `hmtx` and `cmap` (formats 4 and 12) of a TrueType font.
 *
 * @throws Error where a table is missing or `cmap` has no format that is known
 */
export function readFace(file: Uint8Array): Face {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const tables = new Map<string, number>();
  for (let index = 0; index < view.getUint16(4); index++) {
    const entry = 12 + index * 16;
    const tag = String.fromCharCode(...file.subarray(entry, entry + 4));
    tables.set(tag, view.getUint32(entry + 8));
  }
  const at = (tag: string): number => {
    const offset = tables.get(tag);
    if (offset === undefined) throw new Error(`No table ${tag} in the font: expected a TrueType file`);
    return offset;
  };
  const unitsPerEm = view.getUint16(at('head') + 18);
  const metricCount = view.getUint16(at('hhea') + 34);
  const hmtx = at('hmtx');
  const glyphOf = readCmap(view, at('cmap'));
  const known = new Map<number, number>();
  return {
    advance(codePoint) {
      let advance = known.get(codePoint);
      if (advance === undefined) {
        const metric = Math.min(glyphOf(codePoint), metricCount - 1);
        advance = view.getUint16(hmtx + metric * 4) / unitsPerEm;
        known.set(codePoint, advance);
      }
      return advance;
    },
  };
}

function readCmap(view: DataView, cmap: number): (codePoint: number) => number {
  const formats = new Map<number, number>();
  for (let index = 0; index < view.getUint16(cmap + 2); index++) {
    const table = cmap + view.getUint32(cmap + 4 + index * 8 + 4);
    formats.set(view.getUint16(table), table);
  }
  const groups = formats.get(12);
  if (groups !== undefined) return (codePoint) => glyphInGroups(view, groups, codePoint);
  const segments = formats.get(4);
  if (segments !== undefined) return (codePoint) => glyphInSegments(view, segments, codePoint);
  throw new Error(`Unknown cmap formats ${[...formats.keys()].join(', ')} in the font: expected 4 or 12`);
}

function glyphInGroups(view: DataView, table: number, codePoint: number): number {
  const count = view.getUint32(table + 12);
  for (let index = 0; index < count; index++) {
    const group = table + 16 + index * 12;
    const first = view.getUint32(group);
    if (codePoint < first) return 0;
    if (codePoint <= view.getUint32(group + 4)) return view.getUint32(group + 8) + codePoint - first;
  }
  return 0;
}

function glyphInSegments(view: DataView, table: number, codePoint: number): number {
  const doubled = view.getUint16(table + 6);
  const ends = table + 14;
  const starts = ends + doubled + 2;
  for (let at = 0; at < doubled; at += 2) {
    if (codePoint > view.getUint16(ends + at)) continue;
    const first = view.getUint16(starts + at);
    if (codePoint < first) return 0;
    const delta = view.getUint16(starts + doubled + at);
    const offset = starts + 2 * doubled + at;
    const range = view.getUint16(offset);
    const glyph = range === 0 ? codePoint : view.getUint16(offset + range + (codePoint - first) * 2);
    return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
  }
  return 0;
}
