import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { PRESETS } from '../../../events/presets.ts';
import { type ExperimentSpecInput, resolveModel, specSchema } from '../../../events/spec.ts';
import { makePoints } from '../../../functions/dataset/xor.ts';
import { evaluate } from '../../../functions/model/metrics.ts';
import { predictLogits } from '../../../functions/model/network.ts';
import type { Engine } from '../../../functions/train/engines/engine.ts';
import { selectEngine } from '../../../functions/train/engines/select.ts';

for (const name of ['fused', 'tensorflow'] as const) {
  suite(`on engine ${name}`, () => {
    let engine: Engine;

    before(async () => {
      engine = await selectEngine(name);
    });

    function learn(input: ExperimentSpecInput, index: number) {
      const spec = specSchema.parse(input);
      const data = { train: makePoints(spec.dataset, 'train'), validation: makePoints(spec.dataset, 'validation') };
      const test = makePoints(spec.dataset, 'test');
      const { weights } = engine.train(data, resolveModel(spec, index), () => undefined);
      const judge = (points: typeof test) => evaluate(predictLogits(weights, points), points.labels);
      return { train: judge(data.train), test: judge(test) };
    }

    test('without a hidden layer, XOR is not learned', () => {
      const { train, test } = learn(PRESETS.default, 0);
      assert.ok(test.accuracy >= 0.4 && test.accuracy <= 0.65, `test accuracy ${test.accuracy}`);
      assert.ok(Math.abs(train.loss - Math.LN2) < 0.001);
    });

    test('with one hidden layer, XOR is learned', () => {
      const { test } = learn(PRESETS.default, 1);
      assert.ok(test.accuracy >= 0.99, `test accuracy ${test.accuracy}`);
    });

    test('the course preset gives the published losses and accuracies', () => {
      const two = learn(PRESETS.course, 0);
      assert.ok(two.train.loss >= 0.05 && two.train.loss <= 0.13, `training loss ${two.train.loss}`);
      assert.ok(two.train.accuracy >= 0.98 && two.test.accuracy >= 0.98);
      const three = learn(PRESETS.course, 1);
      assert.ok(three.train.loss >= 0.01 && three.train.loss <= 0.05, `training loss ${three.train.loss}`);
      assert.ok(three.train.accuracy >= 0.99 && three.test.accuracy >= 0.99);
    });
  });
}
