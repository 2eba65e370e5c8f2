/** A finite number as Katib writes numbers; undefined for anything else, the empty text among it. */
export function numberOf(text: string): number | undefined {
  const value = Number(text);
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number.isFinite(value) ? value : undefined;
}
