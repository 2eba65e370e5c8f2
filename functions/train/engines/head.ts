/** Sums over points, to be divided by how many there are. */
export interface Totals {
  loss: number;
  right: number;
}

/** See `functions/model/metrics.ts`: here each factor is in [1/2, 1]. */
const TERMS = 512;

/**
 * Adds up binary cross-entropy and right answers, and writes the loss's slope at each logit: (p - y) / `batch`.
 * Without branches: whether a point is right is as good as random to the processor, and each wrong guess of its would
 * cost more than all the arithmetic.
 *
 * @param probabilities of label 1: the sigmoid of the logits
 */
export function addHead(
  logits: Float32Array,
  probabilities: Float32Array,
  labels: Uint8Array,
  totals: Totals,
  slopes?: { values: Float32Array; batch: number },
): void {
  const bits = new Int32Array(logits.buffer, logits.byteOffset, logits.length);
  let loss = 0;
  let product = 1;
  let right = 0;
  for (let index = 0; index < labels.length; index++) {
    const logit = logits[index] as number;
    const label = labels[index] as number;
    const bit = bits[index] as number;
    // The larger of the logit and 0; Math.max branches.
    loss += (logit + Math.abs(logit)) * 0.5 - label * logit;
    // The probability of the likelier label is at least 1/2, so that float32 says it without losing the small end.
    product *= 0.5 + Math.abs((probabilities[index] as number) - 0.5);
    if (index % TERMS === TERMS - 1) {
      loss -= Math.log(product);
      product = 1;
    }
    // 1 for a logit that is not over 0.
    const below = (bit >>> 31) | (bit === 0 ? 1 : 0);
    right += below ^ label;
  }
  if (slopes) writeSlopes(probabilities, labels, slopes);
  totals.loss += loss - Math.log(product);
  totals.right += right;
}

function writeSlopes(
  probabilities: Float32Array,
  labels: Uint8Array,
  { values, batch }: { values: Float32Array; batch: number },
): void {
  for (let index = 0; index < labels.length; index++) {
    values[index] = ((probabilities[index] as number) - (labels[index] as number)) / batch;
  }
}
