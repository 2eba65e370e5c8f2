/** What the project's Dockerfile may consist of; anything else is refused, so that the check never skips a line. */
export type Instruction =
  | { readonly kind: 'arg' | 'env' | 'label'; readonly line: number; readonly values: Readonly<Record<string, string>> }
  | {
      readonly kind: 'copy';
      readonly line: number;
      readonly from?: string;
      readonly paths: readonly string[];
      readonly to: string;
    }
  | { readonly kind: 'run'; readonly line: number; readonly script: string }
  | { readonly kind: 'workdir' | 'user' | 'expose'; readonly line: number; readonly value: string }
  | { readonly kind: 'entrypoint' | 'cmd'; readonly line: number; readonly words: readonly string[] };

/** From one `FROM` to the next. */
export interface Stage {
  readonly base: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  /** Of the arguments before the first `FROM`. */
  readonly args: Readonly<Record<string, string>>;
  readonly stages: readonly Stage[];
}

/**
 * Reads a Dockerfile.
 *
 * @throws Error with the line of what it does not know
 */
export function parseDockerfile(text: string): Dockerfile {
  const args: Record<string, string> = {};
  const stages: { base: string; name: string | undefined; instructions: Instruction[] }[] = [];
  for (const { line, word, rest } of logicalLines(text)) {
    const stage = stages.at(-1);
    if (word === 'FROM') {
      const [base = '', as, name] = rest.split(/\s+/);
      if (as !== undefined && as.toUpperCase() !== 'AS') throw unknown(line, rest);
      stages.push({ base: substitute(base, args), name, instructions: [] });
    } else if (stage) stage.instructions.push(instructionOf(line, word, rest));
    else if (word === 'ARG') Object.assign(args, pairsOf(line, rest));
    else throw unknown(line, word);
  }
  return { args, stages };
}

function instructionOf(line: number, word: string, rest: string): Instruction {
  switch (word) {
    case 'ARG':
    case 'ENV':
    case 'LABEL':
      return { kind: word.toLowerCase() as 'arg' | 'env' | 'label', line, values: pairsOf(line, rest) };
    case 'WORKDIR':
    case 'USER':
    case 'EXPOSE':
      return { kind: word.toLowerCase() as 'workdir' | 'user' | 'expose', line, value: rest };
    case 'ENTRYPOINT':
    case 'CMD':
      return { kind: word.toLowerCase() as 'entrypoint' | 'cmd', line, words: wordsOf(line, rest) };
    case 'RUN':
      if (rest.startsWith('--') || rest.startsWith('[')) throw unknown(line, rest);
      return { kind: 'run', line, script: rest };
    case 'COPY':
      return copyOf(line, rest);
    default:
      throw unknown(line, word);
  }
}

function copyOf(line: number, rest: string): Instruction {
  const words = rest.split(/\s+/);
  const [flag = ''] = words;
  const from = /^--from=(\S+)$/.exec(flag)?.[1];
  const paths = from === undefined ? words : words.slice(1);
  const to = paths.pop();
  if (to === undefined || paths.length === 0 || paths.some((path) => path.startsWith('-'))) throw unknown(line, rest);
  return { kind: 'copy', line, paths, to, ...(from === undefined ? {} : { from }) };
}

/** The exec form alone: with a shell in between, SIGTERM would not reach the process. */
function wordsOf(line: number, rest: string): string[] {
  try {
    const words: unknown = JSON.parse(rest);
    if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  } catch {
    // Told below.
  }
  throw unknown(line, rest);
}

function pairsOf(line: number, rest: string): Record<string, string> {
  const pairs = [...rest.matchAll(/([A-Za-z_][\w.]*)(?:=("[^"]*"|\S*))?(?:\s+|$)/g)];
  if (pairs.map(([text]) => text).join('') !== rest) throw unknown(line, rest);
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value.replaceAll('"', '')]));
}

/** `${NAME}` by what it stands for. */
export function substitute(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

function* logicalLines(text: string): Generator<{ line: number; word: string; rest: string }> {
  let begun = '';
  let from = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    if (raw.trim() === '' || raw.trimStart().startsWith('#')) continue;
    if (begun === '') from = index + 1;
    const continues = raw.endsWith('\\');
    begun += `${begun === '' ? '' : ' '}${(continues ? raw.slice(0, -1) : raw).trim()}`;
    if (continues) continue;
    const [word = '', ...rest] = begun.split(/\s(.*)/s);
    yield { line: from, word: word.toUpperCase(), rest: rest.join('').trim() };
    begun = '';
  }
}

function unknown(line: number, text: string): Error {
  return new Error(
    `Dockerfile:${line}: ${JSON.stringify(text)} is not understood by scripts/image: expected what the others of its kind look like`,
  );
}
