import type { KfpOptions, KfpState, RunBody, StoredPipeline, StoredRun } from './kfp-api.ts';

export interface Reply {
  readonly status: number;
  readonly json: unknown;
}

interface Asked {
  readonly name: string;
  readonly query: URLSearchParams;
  json(): unknown;
  file(): Promise<StoredPipeline['versions'][number]['parameters']>;
}

/** Every request, the query that it may have, and the fields of its body. */
const KNOWN: readonly (readonly [request: RegExp, query: readonly string[], fields?: readonly string[]])[] = [
  [/^GET \/healthz$/, []],
  [/^GET \/pipelines\/names\/[^/]+$/, ['namespace']],
  [/^GET \/pipelines\/[^/]+\/versions$/, ['page_size', 'page_token', 'sort_by', 'filter']],
  [/^POST \/pipelines\/upload$/, ['name', 'display_name', 'description', 'namespace', 'tags', 'code_source_url']],
  [
    /^POST \/pipelines\/upload_version$/,
    ['pipelineid', 'name', 'display_name', 'description', 'tags', 'code_source_url'],
  ],
  [/^GET \/experiments$/, ['namespace', 'page_size', 'page_token', 'sort_by', 'filter']],
  [/^POST \/experiments$/, [], ['display_name', 'description', 'namespace']],
  [/^GET \/runs$/, ['namespace', 'experiment_id', 'page_size', 'page_token', 'sort_by', 'filter']],
  [
    /^POST \/runs$/,
    [],
    [
      ...['display_name', 'description', 'experiment_id', 'pipeline_version_reference', 'pipeline_spec'],
      ...['runtime_config', 'service_account'],
    ],
  ],
  [/^GET \/runs\/[^/]+$/, ['experiment_id']],
];

const KINDS: Readonly<Record<string, string>> = {
  NUMBER_INTEGER: 'number',
  NUMBER_DOUBLE: 'number',
  STRING: 'string',
  LIST: 'object',
};

/** As uploads and the other requests say it; both are read. */
export function refusal(status: number, sentence: string): Reply {
  return { status, json: { error: sentence, code: 3, message: sentence, details: [] } };
}

function uploadRefusal(status: number, sentence: string): Reply {
  return { status, json: { error_message: sentence, error_details: sentence } };
}

export async function answerOf(state: KfpState, options: KfpOptions, asked: Asked): Promise<Reply> {
  const { name, query } = asked;
  const known = KNOWN.find(([request]) => request.test(name));
  if (!known) return refusal(404, 'Not Found');
  const [, parameters, fields] = known;
  const stray = [...query.keys()].find((key) => !parameters.includes(key));
  if (stray !== undefined) return refusal(400, `unknown query parameter "${stray}"`);
  const body = (fields ? asked.json() : {}) as Record<string, unknown>;
  const unknown = Object.keys(body).find((key) => !fields?.includes(key));
  if (unknown !== undefined) return refusal(400, `proto: unknown field "${unknown}"`);
  const [method, path = ''] = name.split(' ');
  if (path === '/healthz') {
    const { multiUser = false } = options;
    return ok({ commit_sha: 'abc', tag_name: '2.17.0', multi_user: multiUser, pipeline_store: 'database' });
  }
  if (path.startsWith('/pipelines')) return answerPipelines(state, asked, path);
  if (path === '/experiments') return answerExperiments(state, options, method === 'POST' ? body : undefined, query);
  if (name === 'POST /runs') return createRun(state, body as unknown as RunBody);
  if (path === '/runs') return listRuns(state, query);
  const run = state.runs.find(({ id }) => path === `/runs/${id}`);
  return run ? ok(look(run, options)) : refusal(404, `Run ${path} not found`);
}

async function answerPipelines({ pipelines }: KfpState, { name, query, file }: Asked, path: string): Promise<Reply> {
  const byName = /^\/pipelines\/names\/(.+)$/.exec(path)?.[1];
  const namespace = query.get('namespace') ?? '';
  if (byName !== undefined) {
    const found = pipelines.find((one) => one.name === byName && one.namespace === namespace);
    return found
      ? ok({ pipeline_id: found.id, display_name: found.name })
      : refusal(404, `Pipeline ${byName} not found`);
  }
  const versionsOf = /^\/pipelines\/([^/]+)\/versions$/.exec(path)?.[1];
  if (versionsOf !== undefined) {
    const found = pipelines.find(({ id }) => id === versionsOf);
    const all = (found?.versions ?? []).map(({ id, name: of }) => ({ pipeline_version_id: id, display_name: of }));
    // Newest first, one on a page: whoever looks for an older one has to go on.
    const newest = all.reverse();
    const index = Number(query.get('page_token') ?? 0);
    const next = index + 1 < newest.length ? String(index + 1) : '';
    return ok({ pipeline_versions: newest.slice(index, index + 1), next_page_token: next });
  }
  let parameters: Awaited<ReturnType<Asked['file']>>;
  try {
    parameters = await file();
  } catch (error) {
    return uploadRefusal(400, (error as Error).message);
  }
  const wanted = query.get('name') ?? '';
  if (name === 'POST /pipelines/upload') {
    if (pipelines.some((one) => one.name === wanted && one.namespace === namespace))
      return uploadRefusal(409, `Pipeline ${wanted} already exists`);
    const id = `pipeline-${pipelines.length + 1}`;
    const versions = [{ id: `${id}-version-1`, name: wanted, parameters }];
    pipelines.push({ id, name: wanted, namespace, description: query.get('description') ?? '', versions });
    return ok({ pipeline_id: id, display_name: wanted });
  }
  const pipeline = pipelines.find(({ id }) => id === query.get('pipelineid'));
  if (!pipeline) return uploadRefusal(404, 'Pipeline not found');
  if (pipeline.versions.some((version) => version.name === wanted))
    return uploadRefusal(409, `Version ${wanted} already exists`);
  const id = `${pipeline.id}-version-${pipeline.versions.length + 1}`;
  pipeline.versions.push({ id, name: wanted, parameters });
  return ok({ pipeline_id: pipeline.id, pipeline_version_id: id, display_name: wanted });
}

function answerExperiments(
  { experiments }: KfpState,
  { multiUser = false }: KfpOptions,
  body: Record<string, unknown> | undefined,
  query: URLSearchParams,
): Reply {
  const namespace = String((body ? body.namespace : query.get('namespace')) ?? '');
  if (multiUser && namespace === '') return refusal(400, 'Invalid input error: a namespace must be specified');
  if (!multiUser && namespace !== '') return refusal(400, 'In single-user mode, no namespace may be specified');
  const view = ({ id, name }: { id: string; name: string }) => ({ experiment_id: id, display_name: name });
  const mine = experiments.filter((one) => one.namespace === namespace);
  if (!body) return ok({ experiments: mine.filter(({ name }) => isAsked(query, name)).map(view) });
  const name = String(body.display_name);
  if (mine.some((one) => one.name === name)) return refusal(409, `Experiment ${name} already exists`);
  const made = { id: `experiment-${experiments.length + 1}`, name, namespace };
  experiments.push(made);
  return ok(view(made));
}

function createRun({ pipelines, experiments, runs }: KfpState, body: RunBody): Reply {
  if (!body.display_name) return refusal(400, 'The run name is empty');
  if (!experiments.some(({ id }) => id === body.experiment_id)) return refusal(400, 'Experiment not found');
  const { pipeline_id, pipeline_version_id } = body.pipeline_version_reference;
  const pipeline = pipelines.find(({ id }) => id === pipeline_id);
  const version =
    pipeline_version_id === undefined
      ? pipeline?.versions.at(-1)
      : pipeline?.versions.find(({ id }) => id === pipeline_version_id);
  if (!version) return refusal(404, `Pipeline version ${pipeline_version_id} not found`);
  for (const [name, value] of Object.entries(body.runtime_config.parameters)) {
    const type = version.parameters[name]?.parameterType;
    if (type === undefined) return refusal(400, `Unknown parameter ${name}`);
    if (typeof value !== KINDS[type]) return refusal(400, `Parameter ${name}: expected ${type}`);
  }
  const run = { id: `run-${runs.length + 1}`, body, looks: 0 };
  runs.push(run);
  return ok(viewOf(run, 'PENDING'));
}

function listRuns({ runs }: KfpState, query: URLSearchParams): Reply {
  const found = runs.filter(
    ({ body }) => body.experiment_id === query.get('experiment_id') && isAsked(query, body.display_name),
  );
  return ok({ runs: found.map((run) => viewOf(run, 'RUNNING')) });
}

function isAsked(query: URLSearchParams, name: string): boolean {
  const filter = query.get('filter');
  if (filter === null) return true;
  const { predicates } = JSON.parse(filter) as {
    predicates: { operation: string; key: string; string_value: string }[];
  };
  return predicates.every(
    ({ operation, key, string_value }) => operation === 'EQUALS' && key === 'name' && string_value === name,
  );
}

/** Each look finds the run one state further. */
function look(run: StoredRun, { course = ['PENDING', 'RUNNING', 'SUCCEEDED'] }: KfpOptions) {
  return viewOf(run, course[Math.min(run.looks++, course.length - 1)] ?? 'PENDING');
}

function viewOf({ id, body }: StoredRun, state: string) {
  const task = (name: string, of: string) => ({ run_id: id, task_id: `${id}-${name}`, display_name: name, state: of });
  const ended = state === 'RUNNING' ? 'RUNNING' : state;
  return {
    run_id: id,
    experiment_id: body.experiment_id,
    display_name: body.display_name,
    state,
    ...(state === 'FAILED' && { error: { code: 13, message: 'a step failed\nfor the test' } }),
    ...(state !== 'PENDING' && {
      run_details: {
        task_details: [task('start-driver', 'SUCCEEDED'), task('start', 'SUCCEEDED'), task('generate', ended)],
      },
    }),
  };
}

function ok(json: unknown): Reply {
  return { status: 200, json };
}
