const INTEGER = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `1,000`. */
export function count(value: number): string {
  return INTEGER.format(value);
}

/** `1 point`, `1,000 points`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** Two or more of them, at the beginning of a sentence: `Both models`, `All 12 models`. */
export function every(value: number, noun: string): string {
  return value === 2 ? `Both ${noun}s` : `All ${counted(value, noun)}`;
}

/** A share as a percentage; never rounds to all or nothing what is neither: `99.996%`. */
export function percent(share: number): string {
  return `${cautious(share * 100, 100, 1)}%`;
}

/** An area under the curve, to three digits, and more where three would claim perfection. */
export function area(value: number): string {
  return cautious(value, 1, 3);
}

/** Three significant digits: `0.0213`, `1.2e-7`. */
export function significant(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function cautious(value: number, whole: number, digits: number): string {
  for (let more = digits; more < digits + 5; more++) {
    const text = value.toFixed(more);
    const rounded = Number(text);
    if (value === 0 || value === whole || (rounded > 0 && rounded < whole)) return text;
  }
  return value < whole / 2 ? `< ${10 ** -digits}` : `> ${whole - 10 ** -digits}`;
}
