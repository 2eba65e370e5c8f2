import type { Metrics } from '../../events/parts.ts';

/** Terms of the loss that go into one logarithm: each is in [1, 2], so their product stays far below the largest double. */
const TERMS = 512;

/**
 * Mean binary cross-entropy (in nats) and accuracy of logits: label 1 is predicted where the logit is over 0.
 * From the logit, not the probability, so that no saturated prediction costs infinity.
 */
export function evaluate(logits: ArrayLike<number>, labels: Uint8Array): Metrics {
  let loss = 0;
  let product = 1;
  let right = 0;
  for (let index = 0; index < labels.length; index++) {
    const logit = logits[index] ?? Number.NaN;
    const positive = logit > 0;
    const label = labels[index] ?? 0;
    // log(1 + exp(z)) - y z = max(z, 0) - y z + log(1 + exp(-|z|)), the last of which is summed as a product.
    loss += (positive ? logit : 0) - (label === 1 ? logit : 0);
    product *= 1 + Math.exp(positive ? -logit : logit);
    if (index % TERMS === TERMS - 1) {
      loss += Math.log(product);
      product = 1;
    }
    if (positive === (label === 1)) right++;
  }
  const count = labels.length;
  return { loss: (loss + Math.log(product)) / count, accuracy: right / count };
}
