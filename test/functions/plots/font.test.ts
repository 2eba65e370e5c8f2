import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Resvg } from '@resvg/resvg-js';
import { FONT, FONT_FILES, readFace, textWidth, wrapText } from '../../../functions/plots/font.ts';

function drawnWidth(text: string, size: number, weight: number): number {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg"><text y="50" font-family="${FONT}" font-size="${size}" font-weight="${weight}">${text}</text></svg>`;
  const font = { loadSystemFonts: false, fontFiles: Object.values(FONT_FILES) };
  return new Resvg(svg, { font }).getBBox()?.width ?? 0;
}

for (const weight of [400, 600]) {
  test(`the width of a character of weight ${weight} is that which the renderer advances by`, () => {
    for (const character of ['H', 'n', '0', 'm', 'é', '₀']) {
      // Two more of a character that is not kerned with itself are exactly two advances.
      const drawn = drawnWidth(character.repeat(4), 100, weight) - drawnWidth(character.repeat(2), 100, weight);
      assert.ok(Math.abs(drawn / 2 - textWidth(character, 100, weight)) < 0.5, `${character}: ${drawn / 2}`);
    }
  });
}

test('text is never drawn wider than it was measured', () => {
  for (const text of ['1 hidden layer reaches 99.7% on unseen points', 'AVATAR To 0.5', 'a.b[0] (x)']) {
    const drawn = drawnWidth(text, 18, 600);
    const measured = textWidth(text, 18, 600);
    assert.ok(drawn <= measured && drawn > 0.9 * measured, `${text}: ${drawn} of ${measured}`);
  }
});

test('bold and 600 and over are set in the semibold face', () => {
  assert.equal(textWidth('width', 18, 'bold'), textWidth('width', 18, 600));
  assert.equal(textWidth('width', 18, 'normal'), textWidth('width', 18));
  assert.notEqual(textWidth('width', 18, 600), textWidth('width', 18, 400));
});

test('a character that the font lacks has the width of the missing glyph', () => {
  assert.equal(textWidth('\u{10ffff}', 10), textWidth('\u{10fffe}', 10));
});

test('a file that is no font is refused with the name of the table that it lacks', () => {
  assert.throws(() => readFace(new Uint8Array(64)), /No table head in the font/);
});

test('text is broken after a semicolon first, then at spaces, and a long word stands alone', () => {
  const text = 'one two three; four';
  assert.deepEqual(wrapText(text, 1_000, 10), [text]);
  assert.deepEqual(wrapText(text, textWidth(text, 10) - 1, 10), ['one two three;', 'four']);
  assert.deepEqual(wrapText('one incomprehensibilities two', textWidth('one two', 10), 10), [
    'one',
    'incomprehensibilities',
    'two',
  ]);
});
