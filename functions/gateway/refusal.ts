import { ERROR_CODES, type ErrorCode } from '../../events/errors.ts';

/** What a function said when it did not take an event. */
export interface Refusal {
  /** One printable line; empty for a body that is no text. */
  readonly answer: string;
  readonly code?: ErrorCode;
}

/** Our functions' `{"code":"…","message":"…"}`; a broker keeps the first 768 bytes of a body, so the end may be missing. */
const OURS = /^\s*\{\s*"code"\s*:\s*"([A-Z_]+)"\s*,\s*"message"\s*:\s*"((?:[^"\\]|\\[^u]|\\u[0-9a-fA-F]{4})*)/;

/** Reads the body of the answer that a dead letter carries: the error of one of our functions, or any text. */
export function readRefusal(body: Uint8Array): Refusal {
  const text = Buffer.from(body).toString('utf8');
  // The last character may be cut in the middle.
  if (text.includes('\ufffd') && !text.endsWith('\ufffd')) return { answer: '' };
  const [, code = '', message = ''] = OURS.exec(text) ?? [];
  const said = message === '' ? undefined : unquoted(message);
  if (said === undefined) return { answer: oneLine(text) };
  return { answer: oneLine(said), ...(isErrorCode(code) && { code }) };
}

function unquoted(text: string): string | undefined {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return undefined;
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would act on must not get into a reason
  return text.replace(/[\u0000-\u0020\u007f-\u009f]+/g, ' ').trim();
}
