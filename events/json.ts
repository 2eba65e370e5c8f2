/** Deeper than anything of ours, and shallow enough for every recursive reader of JSON. */
export const MAX_JSON_DEPTH = 100;

/** Whether JSON text is nested deeper than {@link MAX_JSON_DEPTH}, strings apart; a loop, so that no depth can overflow the stack. */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const symbol = text[at];
    if (quoted) {
      if (symbol === '\\') at++;
      else if (symbol === '"') quoted = false;
    } else if (symbol === '"') quoted = true;
    else if (symbol === '{' || symbol === '[') {
      depth++;
      if (depth > MAX_JSON_DEPTH) return true;
    } else if (symbol === '}' || symbol === ']') depth--;
  }
  return false;
}
