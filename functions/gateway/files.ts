import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { type Descriptor, MEDIA } from '../../events/descriptor.ts';
import { experimentIdSchema } from '../../events/ids.ts';
import { slug } from '../../events/spec.ts';
import type { Store } from '../store/port.ts';
import { readRecorded, showExperiment, unknownExperiment } from './experiments.ts';
import { Problem } from './problem.ts';
import { knownEvents } from './record.ts';
import { defineRoute } from './route.ts';

const PLOT_FILE = /^([a-z0-9-]{1,64})\.(png|html|vl\.json)$/;
const IMMUTABLE = 'public, max-age=31536000, immutable';
/** A stable name whose bytes may be others tomorrow: kept, but asked for again. */
const REVALIDATE = 'no-cache';

/**
 * The charts' own pages run their own script, and reach nothing else: neither the network nor this origin. Vega
 * compiles expressions, hence `unsafe-eval`.
 */
const SANDBOX =
  "sandbox allow-scripts allow-downloads allow-popups; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; " +
  "style-src 'unsafe-inline'; img-src data: blob:; font-src data:";

const etag = { ETag: 'the digest of the bytes' };

export const artifactRoute = defineRoute({
  method: 'get',
  path: '/artifacts/sha256/{hex}',
  operationId: 'getArtifact',
  summary: 'The bytes of a digest; their media type is told from their beginning',
  params: z.strictObject({ hex: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits') }),
  answers: {
    200: { description: 'The bytes, which never change', content: { '*/*': 'bytes' }, headers: etag },
    304: { description: 'The client has them' },
  },
  problems: [404],
  async handle({ params: { hex }, request, response, deps }) {
    await sendArtifact(request, response, deps.store, `sha256:${hex}`, undefined, IMMUTABLE);
  },
});

export const plotRoute = defineRoute({
  method: 'get',
  path: '/experiments/{id}/plots/{file}',
  operationId: 'getPlot',
  summary: 'A chart under its name: NAME.png, NAME.html (interactive, by itself) or NAME.vl.json (Vega-Lite)',
  params: z.strictObject({
    id: experimentIdSchema,
    file: z.string().regex(PLOT_FILE, 'expected the name of a plot with .png, .html or .vl.json'),
  }),
  answers: {
    200: {
      description: 'The file',
      content: { 'image/png': 'bytes', 'text/html': 'text', [MEDIA.vegaLite]: 'bytes' },
      headers: etag,
    },
    304: { description: 'The client has it' },
  },
  problems: [404],
  async handle({ params: { id, file }, request, response, deps }) {
    const { view } = await showExperiment(deps.store, id);
    const [, name = '', ending = ''] = PLOT_FILE.exec(file) ?? [];
    const plot = view.plots.find((known) => known.name === name);
    if (!plot)
      throw unknownName(
        'plot',
        name,
        id,
        view.plots.map((known) => known.name),
      );
    const descriptor = { png: plot.png, html: plot.html }[ending] ?? plot.spec;
    await sendFile(request, response, deps.store, descriptor);
  },
});

const modelParams = z.strictObject({
  id: experimentIdSchema,
  model: z.string().regex(/^[a-z0-9-]{1,64}$/, 'expected a name in lower case, with - for all else, as links have it'),
});

function modelFileRoute(file: 'model.json' | 'weights.bin', part: 'model' | 'weights', mediaType: string) {
  return defineRoute({
    method: 'get',
    path: `/experiments/{id}/models/{model}/${file}`,
    operationId: part === 'model' ? 'getModel' : 'getWeights',
    summary:
      part === 'model'
        ? 'A trained model for tf.loadLayersModel, which finds the weights beside it'
        : 'The weights of a trained model: float32, little-endian, in the order of model.json',
    params: modelParams,
    answers: {
      200: { description: 'The file', content: { [mediaType]: 'bytes' }, headers: etag },
      304: { description: 'The client has it' },
    },
    problems: [404],
    async handle({ params, request, response, deps }) {
      const descriptor = (await findWeights(deps.store, params.id, params.model))[part];
      await sendFile(request, response, deps.store, descriptor);
    },
  });
}

export const modelRoute = modelFileRoute('model.json', 'model', 'application/json');
export const weightsRoute = modelFileRoute('weights.bin', 'weights', MEDIA.weights);

async function findWeights(
  store: Store,
  id: string,
  name: string,
): Promise<{ model: Descriptor; weights: Descriptor }> {
  const events = knownEvents(await readRecorded(store, id));
  if (events.length === 0) throw unknownExperiment(id);
  const trained = events.flatMap((event) => (event.type === 'model.trained' && event.data ? [event.data] : []));
  const found = trained.find(({ model }) => slug(model.name) === name);
  if (!found)
    throw unknownName(
      'trained model',
      name,
      id,
      trained.map(({ model }) => slug(model.name)),
    );
  return found.weights;
}

function unknownName(what: string, name: string, id: string, known: readonly string[]): Problem {
  const rule = known.length > 0 ? `expected one of ${known.join(', ')}` : 'there is none yet';
  return new Problem(404, `No ${what} ${JSON.stringify(name)} in experiment ${JSON.stringify(id)}: ${rule}`);
}

function sendFile(
  request: Request,
  response: Response,
  store: Store,
  { digest, mediaType }: Descriptor,
): Promise<void> {
  // What tf.loadLayersModel, browsers and viewers expect of a file named .json.
  const type = mediaType === MEDIA.layersModel ? 'application/json' : mediaType;
  return sendArtifact(request, response, store, digest, safeType(type), REVALIDATE);
}

/** Events say what their artifacts are, and events come from anywhere: only what the project writes is believed. */
function safeType(mediaType: string): string {
  return (Object.values(MEDIA) as string[]).includes(mediaType) ? mediaType : MEDIA.weights;
}

async function sendArtifact(
  request: Request,
  response: Response,
  store: Store,
  digest: string,
  mediaType: string | undefined,
  caching: string,
): Promise<void> {
  response.set({ etag: `"${digest}"`, 'cache-control': caching, 'x-content-type-options': 'nosniff' });
  response.set('content-security-policy', SANDBOX);
  if (request.fresh) {
    response.status(304).end();
    return;
  }
  const artifact = await store.artifacts.open(digest);
  if (!artifact) {
    response.removeHeader('content-security-policy');
    throw new Problem(404, `No artifact ${digest} in the store`);
  }
  const { bytes, type } = await begin(artifact.stream());
  response.status(200).setHeader('content-type', mediaType ?? type);
  response.set('content-length', String(artifact.size));
  if (request.method === 'HEAD') {
    bytes.return?.(undefined);
    response.end();
    return;
  }
  await pipeline(bytes, response).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
}

/** Reads the first bytes of a stream, which tell what it is. */
async function begin(stream: Readable): Promise<{ bytes: AsyncGenerator<Buffer>; type: string }> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const first = await chunks.next();
  async function* all() {
    try {
      for (let next = first; !next.done; next = await chunks.next()) yield next.value;
    } finally {
      stream.destroy();
    }
  }
  return { bytes: all(), type: first.done ? MEDIA.weights : typeOf(first.value) };
}

function typeOf(bytes: Buffer): string {
  const start = bytes.subarray(0, 64).toString('latin1').trimStart();
  if (start.startsWith('\x89PNG\r\n')) return MEDIA.png;
  if (start.startsWith('ARROW1')) return MEDIA.arrow;
  if (/^<(!doctype html|html)/i.test(start)) return MEDIA.html;
  return /^[{[]\s*["{[\]}\d-]/.test(start) ? MEDIA.json : MEDIA.weights;
}
