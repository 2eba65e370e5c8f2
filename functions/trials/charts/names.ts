import { textWidth } from '../../plots/font.ts';

/** Breaks a name after `_`, `-`, `.` and spaces into lines no wider than `width` pixels; what has no such place is cut. */
export function breakName(name: string, width: number, size: number, weight: 400 | 600 = 400): string[] {
  const lines: string[] = [];
  let line = '';
  for (const part of name.split(/(?<=[_\-. ])/)) {
    if (line !== '' && textWidth(line + part.trimEnd(), size, weight) > width) {
      lines.push(line);
      line = part;
    } else line += part;
  }
  return [...lines, line].map((text) => fit(text.trimEnd(), width, size, weight));
}

/** Text no wider than `width` pixels; a longer one loses its middle, as names often differ at their ends. */
export function fit(text: string, width: number, size: number, weight: 400 | 600 = 400): string {
  if (textWidth(text, size, weight) <= width) return text;
  const characters = [...text];
  for (let kept = characters.length - 1; kept > 1; kept--) {
    const head = Math.ceil(kept / 2);
    const shorter = `${characters.slice(0, head).join('')}…${characters.slice(characters.length - (kept - head)).join('')}`;
    if (textWidth(shorter, size, weight) <= width) return shorter;
  }
  return '…';
}
