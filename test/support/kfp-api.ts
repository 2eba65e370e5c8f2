import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseAllDocuments } from 'yaml';
import { answerOf, type Reply, refusal } from './kfp-routes.ts';

/** How the server is set up, and how it misbehaves. */
export interface KfpOptions {
  readonly multiUser?: boolean;
  /** The only token that it knows. */
  readonly token?: string;
  /** The only cookie that it knows; whoever has none is sent to a login page. */
  readonly cookie?: string;
  /** Refuses these with 403: `POST /runs`. */
  readonly forbid?: readonly string[];
  /** States that a run passes through, one for each look at it. */
  readonly course?: readonly string[];
  /** Answers these first requests with a status: `GET /runs/run-1` -> 503. */
  readonly failures?: { readonly [request: string]: number[] };
  /** Creates the run and ends the connection without an answer, so many times. */
  readonly loseRuns?: number;
  /** Never answers. */
  readonly silent?: boolean;
}

interface Version {
  readonly id: string;
  readonly name: string;
  readonly parameters: Readonly<Record<string, { readonly parameterType: string }>>;
}

export interface StoredPipeline {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly description: string;
  readonly versions: Version[];
}

export interface StoredRun {
  readonly id: string;
  readonly body: RunBody;
  looks: number;
}

export interface RunBody {
  readonly display_name: string;
  readonly experiment_id: string;
  readonly pipeline_version_reference: { readonly pipeline_id: string; readonly pipeline_version_id?: string };
  readonly runtime_config: { readonly parameters: Readonly<Record<string, unknown>> };
  readonly service_account?: string;
}

/** What the server remembers. */
export interface KfpState {
  readonly pipelines: StoredPipeline[];
  readonly experiments: { readonly id: string; readonly name: string; readonly namespace: string }[];
  readonly runs: StoredRun[];
}

/** A server with the REST API of Kubeflow Pipelines (v2beta1) as it is recorded: real sockets, real multipart, as strict. */
export interface KfpApi extends KfpState, AsyncDisposable {
  readonly url: string;
  /** `METHOD /path` of every request, in order. */
  readonly requests: string[];
  /** The headers of the last request. */
  lastHeaders: IncomingMessage['headers'];
}

const API = '/apis/v2beta1';

export async function startKfpApi(options: KfpOptions = {}): Promise<KfpApi> {
  const state: KfpState = { pipelines: [], experiments: [], runs: [] };
  const requests: string[] = [];
  const failures = structuredClone(options.failures ?? {}) as Record<string, number[]>;
  let losses = options.loseRuns ?? 0;
  const api = { lastHeaders: {} as IncomingMessage['headers'] };

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://test');
    const name = `${request.method} ${pathname.replace(API, '')}`;
    requests.push(name);
    api.lastHeaders = request.headers;
    const body = await bytesOf(request);
    if (options.silent) return;
    const send = ({ status, json }: Reply) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    if (!pathname.startsWith(API)) return void response.writeHead(404, { 'content-type': 'text/html' }).end('<html>');
    if (options.cookie !== undefined && request.headers.cookie !== options.cookie)
      return void response.writeHead(302, { location: '/dex/auth' }).end();
    if (options.token !== undefined && request.headers.authorization !== `Bearer ${options.token}`)
      return send(refusal(401, 'Request header error: there is no user identity header.'));
    if (options.forbid?.includes(name)) return send(refusal(403, 'User is not authorized'));
    const failure = failures[name]?.shift();
    if (failure !== undefined) return send(refusal(failure, 'the test wants it so'));
    const reply = await answerOf(state, options, {
      name,
      query: searchParams,
      json: () => JSON.parse(body.toString()),
      file: () => fileOf(request, body),
    });
    if (name === 'POST /runs' && losses-- > 0) return void request.socket.destroy();
    send(reply);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return Object.assign(api, state, {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  });
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The one part of an upload, as the name and the parameters of a pipeline. @throws Error for anything else */
async function fileOf(request: IncomingMessage, body: Buffer): Promise<Version['parameters']> {
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data; boundary=')) throw new Error(`content-type ${type}`);
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  const [[part, file] = ['', ''], ...more] = [...form.entries()];
  if (part !== 'uploadfile' || typeof file === 'string' || more.length > 0)
    throw new Error('Failed to get the file from the form: expected uploadfile alone');
  if (!/\.(?:yaml|yml|json|zip|tar\.gz)$/.test(file.name))
    throw new Error(`Unexpected pipeline file format ${file.name}`);
  const [first, ...rest] = parseAllDocuments(await file.text());
  const spec = first?.toJS() as {
    pipelineInfo?: { name?: string };
    root?: { inputDefinitions: { parameters: Version['parameters'] } };
  };
  if (spec.pipelineInfo?.name === undefined || spec.root === undefined || rest.length > 1)
    throw new Error('unknown template format');
  return spec.root.inputDefinitions.parameters;
}
