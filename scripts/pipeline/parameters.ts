import { usageError } from '../exit.ts';

/**
 * Reads `--param name=value`: the value as JSON where it is some, else as text.
 *
 * @throws RejectedError `INVALID_ARGUMENT` for what is no pair, or a name that stands twice
 */
export function readParameters(texts: readonly string[] = []): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const text of texts) {
    const equals = text.indexOf('=');
    if (equals < 1) throw usageError(`Wrong value ${JSON.stringify(text)} at --param: expected name=value`);
    const name = text.slice(0, equals);
    if (Object.hasOwn(values, name)) throw usageError(`--param ${name} stands twice: expected it once`);
    values[name] = toValue(text.slice(equals + 1));
  }
  return values;
}

function toValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
