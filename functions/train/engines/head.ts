/** Sums over points, to be divided by how many there are. */
export interface Totals {
  loss: number;
  right: number;
}

/** See `functions/model/metrics.ts`: here each factor is in [1/2, 1]. */
const TERMS = 512;

/**
 * Adds up binary cross-entropy and right answers, and writes the loss's slope at each logit: (p - y) / `batch`.
 *
 * @param probabilities of label 1: the sigmoid of the logits
 */
export function addHead(
  logits: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  labels: Uint8Array,
  totals: Totals,
  slopes?: { values: Float32Array; batch: number },
): void {
  let loss = 0;
  let product = 1;
  let right = 0;
  for (let index = 0; index < labels.length; index++) {
    const logit = logits[index] ?? Number.NaN;
    const probability = probabilities[index] ?? Number.NaN;
    const label = labels[index] ?? 0;
    const positive = logit > 0;
    loss += (positive ? logit : 0) - (label === 1 ? logit : 0);
    // The probability of the likelier label is at least 1/2, so that float32 says it without losing the small end.
    product *= positive ? probability : 1 - probability;
    if (index % TERMS === TERMS - 1) {
      loss -= Math.log(product);
      product = 1;
    }
    if (positive === (label === 1)) right++;
    if (slopes) slopes.values[index] = (probability - label) / slopes.batch;
  }
  totals.loss += loss - Math.log(product);
  totals.right += right;
}
