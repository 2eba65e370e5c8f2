import supertest from 'supertest';
import { derivedId, makeEvent } from '../../../events/define.ts';
import { MEDIA } from '../../../events/descriptor.ts';
import type { Envelope } from '../../../events/envelope.ts';
import { derive } from '../../../events/ids.ts';
import type { Plot } from '../../../events/parts.ts';
import {
  datasetGenerated,
  experimentCompleted,
  experimentRequested,
  type KnownEvent,
  modelsCompared,
  modelTrained,
  samplesPlotted,
  trainingRequested,
} from '../../../events/registry.ts';
import { resolveModel, specSchema } from '../../../events/spec.ts';
import { definition } from '../../../functions/gateway/index.ts';
import { recordEvent } from '../../../functions/gateway/record.ts';
import { serve } from '../../../functions/host/serve.ts';
import { LOG, type Store } from '../../../functions/store/port.ts';
import { makeMemoryStore } from '../../support/memory-store.ts';
import { startSink } from '../../support/sink.ts';

/** A gateway on a socket, with a broker that keeps what it gets. */
export interface Gateway extends AsyncDisposable {
  readonly url: string;
  readonly store: Store;
  readonly sent: Envelope[];
  readonly http: ReturnType<typeof supertest>;
  /** What the broker answers from now on. */
  answer: number;
}

export async function startGateway(env: Record<string, string> = {}, store = makeMemoryStore()): Promise<Gateway> {
  const sink = await startSink();
  const settings = { PORT: '0', LOG_LEVEL: 'silent', XORFLOW_STORE: 'memory', K_SINK: sink.url, ...env };
  const running = await serve(definition, settings, { store });
  return {
    url: running.url,
    store,
    sent: sink.received,
    http: supertest(running.url),
    get answer() {
      return sink.answer;
    },
    set answer(status) {
      sink.answer = status;
    },
    async [Symbol.asyncDispose]() {
      await running.close();
      await sink[Symbol.asyncDispose]();
    },
  };
}

export async function putPlot(store: Store, name: string, title: string): Promise<Plot> {
  const { artifacts } = store;
  const png = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.from(name)]);
  return {
    name,
    title,
    png: await artifacts.put(png, { mediaType: MEDIA.png, name: `${name}.png` }),
    html: await artifacts.put(Buffer.from(`<!doctype html><title>${name}</title>`), {
      mediaType: MEDIA.html,
      name: `${name}.html`,
    }),
    spec: await artifacts.put(Buffer.from(JSON.stringify({ title: name })), {
      mediaType: MEDIA.vegaLite,
      name: `${name}.vl.json`,
    }),
  };
}

/** Every event of a whole experiment with two models, in the order of the chain; its files are in the store. */
export async function chainOf(store: Store, id: string, name = 'xor'): Promise<KnownEvent[]> {
  const spec = specSchema.parse({ name });
  const request = makeEvent(experimentRequested, { source: '/test', id: derive(id), subject: id, data: spec });
  const generated = makeEvent(datasetGenerated, {
    source: '/xorflow/generate',
    id: derivedId(request, datasetGenerated),
    subject: id,
    data: { ...datasetGenerated.example, spec },
  });
  const { dataset } = generated.data ?? datasetGenerated.example;
  const scatter = makeEvent(samplesPlotted, {
    source: '/xorflow/scatter',
    id: derivedId(generated, samplesPlotted),
    subject: id,
    data: {
      experiment: id,
      plots: [await putPlot(store, 'scatter-train', 'The two classes lie across the diagonals')],
    },
  });
  const weights = {
    model: await store.artifacts.put(Buffer.from('{"modelTopology":{}}'), {
      mediaType: MEDIA.layersModel,
      name: 'model.json',
    }),
    weights: await store.artifacts.put(Buffer.from([1, 2, 3, 4]), { mediaType: MEDIA.weights, name: 'weights.bin' }),
  };
  const trainings = spec.models.flatMap((_model, index): KnownEvent[] => {
    const data = { experiment: id, experimentName: name, index, count: 2, model: resolveModel(spec, index), dataset };
    const requested = makeEvent(trainingRequested, {
      source: '/xorflow/train',
      id: derivedId(generated, trainingRequested, index),
      subject: id,
      data,
    });
    const trained = makeEvent(modelTrained, {
      source: '/xorflow/train',
      id: derivedId(requested, modelTrained),
      subject: id,
      data: { ...modelTrained.example, ...data, weights },
    });
    return [requested, trained];
  });
  const rows = spec.models.map((model, index) => ({
    ...(modelsCompared.example.models[0] as (typeof modelsCompared.example.models)[number]),
    index,
    name: model.name,
    hidden: model.hidden,
    weights: weights.weights.digest,
  }));
  const plots = [await putPlot(store, 'test-accuracy', 'One hidden layer is enough')];
  const compared = makeEvent(modelsCompared, {
    source: '/xorflow/compare',
    id: derivedId(generated, modelsCompared),
    subject: id,
    data: { experiment: id, models: rows, plots },
  });
  const completed = makeEvent(experimentCompleted, {
    source: '/xorflow/compare',
    id: derivedId(generated, experimentCompleted),
    subject: id,
    data: {
      experiment: id,
      experimentName: name,
      dataset,
      models: rows,
      plots: [...(scatter.data?.plots ?? []), ...plots],
    },
  });
  return [request, generated, scatter, ...trainings, compared, completed];
}

export async function recordAll(store: Store, events: readonly KnownEvent[]): Promise<void> {
  for (const event of events) await recordEvent(store, event);
}

export async function addLines(store: Store, id: string, texts: readonly string[]): Promise<void> {
  await store.logs.append(
    LOG.lines(id),
    texts.map((text) => ({ key: text, value: text })),
  );
}
