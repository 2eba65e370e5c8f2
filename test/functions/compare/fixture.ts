import { makeEvent } from '../../../events/define.ts';
import { MEDIA } from '../../../events/descriptor.ts';
import type { Dataset } from '../../../events/parts.ts';
import { modelTrained, samplesPlotted } from '../../../events/registry.ts';
import type { EvaluationInput } from '../../../functions/compare/evaluate.ts';
import { encodePoints, encodeTable } from '../../../functions/dataset/arrow.ts';
import { allocatePoints, type Points } from '../../../functions/dataset/points.ts';
import { writeLayersModel } from '../../../functions/model/layers-model.ts';
import { evaluate as metricsOf } from '../../../functions/model/metrics.ts';
import { type Network, predictLogits } from '../../../functions/model/network.ts';
import type { Store } from '../../../functions/store/port.ts';

export const EXPERIMENT = 'xor-fixture';

/** Solves two-dimensional XOR exactly: |x - y| against |x + y - 1|. */
export const SOLVER: Network = {
  layers: [
    {
      inputs: 2,
      units: 4,
      activation: 'relu',
      kernel: Float32Array.of(1, -1, 1, -1, -1, 1, 1, -1),
      bias: Float32Array.of(0, 0, -1, 1),
    },
    { inputs: 4, units: 1, activation: 'linear', kernel: Float32Array.of(9, 9, -9, -9), bias: Float32Array.of(0) },
  ],
};

/** Calls everything beyond a sloping line class 1. */
export const LINE: Network = {
  layers: [
    { inputs: 2, units: 1, activation: 'linear', kernel: Float32Array.of(1, 0.5), bias: Float32Array.of(-0.625) },
  ],
};

/** Points of a fixed pattern that fills the cube. */
export function fixturePoints(dims: number, size: number): Points {
  const points = allocatePoints(dims, size);
  for (let index = 0; index < size; index++) {
    let label = 0;
    for (const [column, values] of points.coordinates.entries()) {
      const value = ((index + 1) * (0.618_034 + 0.137 * column)) % 1;
      values[index] = value;
      label ^= Math.round(value);
    }
    points.labels[index] = label;
  }
  return points;
}

function historyBytes(epochs: number, final: number): Uint8Array {
  const column = (value: (epoch: number) => number) =>
    Float32Array.from({ length: epochs }, (_, index) => value(index + 1));
  return encodeTable({
    epoch: Uint32Array.from({ length: epochs }, (_, index) => index + 1),
    loss: column((epoch) => 0.7 - (0.65 * final * epoch) / epochs),
    accuracy: column((epoch) => 0.5 + (0.5 * final * epoch) / epochs),
    validation_loss: column((epoch) => 0.7 - (0.6 * final * epoch) / epochs),
    validation_accuracy: column((epoch) => 0.5 + (0.498 * final * epoch) / epochs),
  });
}

/** What an evaluation takes, as small as the charts of it stay readable in a diff. */
export function evaluationInput(network: Network, dims: number, solved: number): EvaluationInput {
  return {
    ...writeLayersModel(network),
    history: historyBytes(12, solved),
    test: encodePoints(fixturePoints(dims, 40)),
    maxPoints: 8,
    cells: dims === 2 ? 4 : 0,
  };
}

/** Puts the artifacts of an experiment and gives the events that compare waits for. */
export async function makeExperiment(store: Store, names: readonly string[], dims = 2) {
  const put = (bytes: Uint8Array, name: string, mediaType: string) => store.artifacts.put(bytes, { name, mediaType });
  const test = fixturePoints(dims, 200);
  const file = await put(encodePoints(test), 'test.arrow', MEDIA.arrow);
  const dataset: Dataset = { dims, train: file, validation: file, test: file };
  const trained = [];
  for (const [index, name] of names.entries()) {
    const isSolver = dims === 2 && index % 2 === 1;
    const kernel = new Float32Array(dims).fill(0.5);
    const line: Network = {
      layers: [{ inputs: dims, units: 1, activation: 'linear', kernel, bias: Float32Array.of(-0.5 - 0.1 * index) }],
    };
    const network = isSolver ? SOLVER : line;
    const { model, weights } = writeLayersModel(network);
    const metrics = metricsOf(predictLogits(network, test), test.labels);
    trained.push(
      makeEvent(modelTrained, {
        source: '/xorflow/train',
        id: `trained-${index}`,
        subject: EXPERIMENT,
        data: {
          ...modelTrained.example,
          experiment: EXPERIMENT,
          experimentName: 'fixture',
          index,
          count: names.length,
          model: { ...modelTrained.example.model, name, hidden: isSolver ? [4] : [] },
          dataset,
          weights: {
            model: await put(model, 'model.json', MEDIA.layersModel),
            weights: await put(weights, 'weights.bin', MEDIA.weights),
          },
          history: await put(historyBytes(50, isSolver ? 1 : 0), 'history.arrow', MEDIA.arrow),
          train: metrics,
          validation: metrics,
          test: metrics,
        },
      }),
    );
  }
  const plotted = makeEvent(samplesPlotted, {
    source: '/xorflow/scatter',
    id: 'plotted',
    subject: EXPERIMENT,
    data: { ...samplesPlotted.example, experiment: EXPERIMENT },
  });
  return { trained, plotted };
}
