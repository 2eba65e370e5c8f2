import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeEvent } from '../../events/define.ts';
import { type Envelope, isEnvelope, readEnvelope, writeBinary } from '../../events/envelope.ts';
import { toEnvelope } from '../../events/read.ts';
import { experimentRequested } from '../../events/registry.ts';
import { readBody } from '../../functions/host/body.ts';
import { coldStart, type StartOptions } from '../cold-start.ts';

const PATIENCE_MS = 60_000;
const LAST = ['experiment.completed', 'experiment.failed'];

/** Small, and goes everywhere: points, plots, the kernel, the comparison. */
const SPEC = {
  dataset: { trainSize: 200, validationSize: 50, testSize: 50 },
  models: [{ name: 'small', hidden: [4] }],
  training: { epochs: 20, engine: 'fused' },
} as const;

/**
 * Runs one experiment through functions that run side by side, each event handed to all of them as a broker would that
 * has no filters: what a function loads only when it works is there too.
 *
 * @param optionsOf how a function is started, given where its events go
 * @returns the type of the last event, and how long the experiment took
 * @throws Error when it does not come to an end
 */
export async function runChain(
  commands: readonly (readonly string[])[],
  optionsOf: (sink: string) => StartOptions,
): Promise<{ type: string; body: string; ms: number }> {
  const functions: Awaited<ReturnType<typeof coldStart>>[] = [];
  const { promise: last, resolve, reject } = Promise.withResolvers<Envelope>();
  const deliver = ({ attributes, body }: Envelope) => {
    if (LAST.includes(attributes.type ?? '')) resolve({ attributes, body });
    const { headers } = writeBinary({ attributes, body });
    for (const { url } of functions) {
      void fetch(url, { method: 'POST', headers, body: new Uint8Array(body) }).then(async (response) => {
        await response.body?.cancel();
        // Where the same event came twice at once, the other one is being handled.
        if (!response.ok && response.status !== 409)
          reject(new Error(`${attributes.type} was answered with ${response.status}: expected 204`));
      }, reject);
    }
  };
  const sink = createServer(async (request, response) => {
    const body = await readBody(request);
    const isEvent = body !== undefined && isEnvelope(request.headers);
    response.writeHead(isEvent ? 202 : 400).end();
    if (isEvent) deliver(readEnvelope(request.headers, body));
  });
  await new Promise<void>((done) => void sink.listen(0, '127.0.0.1', done));
  const timer = setTimeout(
    () => reject(new Error(`No end of the experiment after ${PATIENCE_MS / 1000} s`)),
    PATIENCE_MS,
  );
  try {
    const options = optionsOf(`http://127.0.0.1:${(sink.address() as AddressInfo).port}/`);
    functions.push(...(await Promise.all(commands.map((command) => coldStart(command, options)))));
    const started = performance.now();
    const data = experimentRequested.schema.parse(SPEC);
    deliver(toEnvelope(makeEvent(experimentRequested, { source: '/xorflow/image', id: '1', subject: 'image', data })));
    const { attributes, body } = await last;
    return { type: attributes.type ?? '', body: body.toString(), ms: performance.now() - started };
  } finally {
    clearTimeout(timer);
    await Promise.all(functions.map(({ end }) => end()));
    sink.closeAllConnections();
    sink.close();
  }
}
