/** Writes the tables of README.md that come from the code; `--check` only tells whether they are current. */
import { readFile, writeFile } from 'node:fs/promises';
import { ERROR_CODES } from '../events/errors.ts';
import { CATALOGUE } from '../events/registry.ts';

const README = new URL('../README.md', import.meta.url);

const TABLES: Readonly<Record<string, () => string>> = {
  events: () =>
    table(
      ['type', 'meaning', 'filtered by'],
      CATALOGUE.map(({ type, summary, extensions }) => [
        `\`${type}\``,
        summary,
        Object.keys(extensions)
          .map((name) => `\`${name}\``)
          .join(', '),
      ]),
    ),
  errors: () =>
    table(
      ['code', 'meaning'],
      Object.entries(ERROR_CODES).map(([code, meaning]) => [`\`${code}\``, meaning]),
    ),
};

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The text with every generated table as the code has it now. */
export function withTables(text: string): string {
  let current = text;
  for (const [name, make] of Object.entries(TABLES)) {
    const [open, close] = [`<!-- table: ${name} -->`, `<!-- end: ${name} -->`];
    const [begin, end] = [current.indexOf(open), current.indexOf(close)];
    if (begin < 0 || end < begin) throw new Error(`No ${open} … ${close} in README.md`);
    current = `${current.slice(0, begin + open.length)}\n${make()}\n${current.slice(end)}`;
  }
  return current;
}

// Not import.meta.main: setup.mjs imports this file where the Node at hand is new enough.
if (process.argv[1] === import.meta.filename) {
  const text = await readFile(README, 'utf8');
  const current = withTables(text);
  if (text !== current && process.argv.includes('--check')) {
    process.stderr.write('README.md has tables that are not current: run npm run docs\n');
    process.exitCode = 1;
  } else if (text !== current) {
    await writeFile(README, current);
  }
}
