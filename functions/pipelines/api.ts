import type { z } from 'zod';
import { RejectedError } from '../../events/errors.ts';
import {
  experimentSchema,
  experimentsSchema,
  healthSchema,
  pipelineSchema,
  type Run,
  runSchema,
  runsSchema,
  versionSchema,
  versionsSchema,
} from './answers.ts';
import type { Credentials } from './credentials.ts';
import { type Call, type Server, sendForSome } from './http.ts';
import { check, isConflict, read } from './read.ts';

export type { Run } from './answers.ts';

const TIMEOUT_MS = 30_000;

/** Which server, whose namespace, and who calls. */
export interface ApiOptions {
  /** The address in front of `/apis/v2beta1`. */
  readonly url: string;
  readonly credentials: Credentials;
  /** Of a profile, else the token's own; a server for a single user knows none, and is told none. */
  readonly namespace?: string | undefined;
  /** What to call the namespace by, where it is missing. */
  readonly namespacePlace: string;
  readonly timeoutMs?: number;
}

export interface NewRun {
  readonly name: string;
  readonly experiment: string;
  readonly pipeline: string;
  /** Without it, the newest. */
  readonly version?: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly serviceAccount?: string | undefined;
}

/** Kubeflow Pipelines' REST API, version v2beta1, in one namespace. */
export interface PipelinesApi {
  readonly url: string;
  /** What the server says of its version. */
  readonly version: string;
  /** Undefined for a server of a single user. */
  readonly namespace: string | undefined;
  /** The id of the pipeline of a name; `shared` is one that all namespaces have. */
  findPipeline(name: string, signal: AbortSignal, where?: 'own' | 'shared'): Promise<string | undefined>;
  uploadPipeline(name: string, file: Uint8Array, description: string, signal: AbortSignal): Promise<string>;
  /** Adds a version, or finds the one that has this name already. */
  uploadVersion(
    pipeline: string,
    name: string,
    file: Uint8Array,
    signal: AbortSignal,
  ): Promise<{ id: string; isNew: boolean }>;
  /** The id of the experiment of a name, made where there is none. */
  ensureExperiment(name: string, signal: AbortSignal): Promise<string>;
  /** A run of exactly this name in an experiment. */
  findRun(experiment: string, name: string, signal: AbortSignal): Promise<Run | undefined>;
  createRun(run: NewRun, signal: AbortSignal): Promise<Run>;
  getRun(id: string, signal: AbortSignal): Promise<Run>;
}

/**
 * Asks a server what it is, and gives the means to talk to it. All methods throw what `send` does.
 *
 * @throws RejectedError `INVALID_ARGUMENT` where a server of many users is told no namespace, `PLATFORM_UNREACHABLE`
 * where it is no API of Kubeflow Pipelines
 */
export async function openPipelines(options: ApiOptions, signal: AbortSignal): Promise<PipelinesApi> {
  const { url, credentials, namespacePlace, timeoutMs = TIMEOUT_MS } = options;
  const asked: Server = { url, credentials, timeoutMs, namespace: options.namespace };
  const health = await read(asked, { method: 'GET', path: '/healthz', right: 'reach the API' }, healthSchema, signal);
  const namespace = health.multi_user ? (options.namespace ?? (await credentials.namespace())) : undefined;
  if (health.multi_user && !namespace) {
    throw new RejectedError(
      'INVALID_ARGUMENT',
      `Missing ${namespacePlace}: Kubeflow Pipelines at ${url} has many users, expected the namespace of a profile`,
    );
  }
  const server: Server = { ...asked, namespace };
  const get = <S extends z.ZodType>(path: string, query: Call['query'], schema: S, right: string) =>
    read(server, { method: 'GET', path, right, ...(query && { query }) }, schema, signal);

  const findExperiment = async (name: string): Promise<string | undefined> => {
    const query = { namespace, filter: named(name), page_size: '10' };
    const { items } = await get('/experiments', query, experimentsSchema, 'list experiments');
    return items.find(({ display_name }) => display_name === name)?.experiment_id;
  };

  const findVersion = async (pipeline: string, name: string): Promise<string> => {
    const path = `/pipelines/${encodeURIComponent(pipeline)}/versions`;
    for (let page: string | undefined; page !== ''; ) {
      const query = { sort_by: 'created_at desc', page_size: '100', page_token: page };
      const { items, next } = await get(path, query, versionsSchema, 'list pipelines');
      const found = items.find((version) => version.name === name || version.display_name === name);
      if (found) return found.pipeline_version_id;
      page = next;
    }
    const rule = 'expected the one that it says is there already';
    throw new RejectedError('PLATFORM_UNREACHABLE', `No version ${name} at Kubeflow Pipelines at ${url}: ${rule}`);
  };

  return {
    url,
    namespace,
    version: health.tag_name || health.commit_sha || 'unknown',
    async findPipeline(name, now, where = 'own') {
      const path = `/pipelines/names/${encodeURIComponent(name)}`;
      const query = { namespace: where === 'own' ? namespace : undefined };
      const json = await sendForSome(server, { method: 'GET', path, query, right: 'get pipelines' }, now);
      return json === undefined ? undefined : check(server, path, pipelineSchema, json).pipeline_id;
    },
    async uploadPipeline(name, file, description, now) {
      const query = { name, namespace, description };
      const call = {
        method: 'POST',
        path: '/pipelines/upload',
        query,
        body: formOf(file),
        right: 'create pipelines',
      } as const;
      return (await read(server, call, pipelineSchema, now)).pipeline_id;
    },
    async uploadVersion(pipeline, name, file, now) {
      const query = { pipelineid: pipeline, name };
      const path = '/pipelines/upload_version';
      const call = { method: 'POST', path, query, body: formOf(file), right: 'create pipelines' } as const;
      try {
        return { id: (await read(server, call, versionSchema, now)).pipeline_version_id, isNew: true };
      } catch (error) {
        if (!isConflict(error)) throw error;
        return { id: await findVersion(pipeline, name), isNew: false };
      }
    },
    async ensureExperiment(name, now) {
      const found = await findExperiment(name);
      if (found !== undefined) return found;
      const body = { display_name: name, ...(namespace !== undefined && { namespace }) };
      const call = { method: 'POST', path: '/experiments', body, right: 'create experiments' } as const;
      try {
        return (await read(server, call, experimentSchema, now)).experiment_id;
      } catch (error) {
        // Somebody else made it in the meantime.
        const made = isConflict(error) ? await findExperiment(name) : undefined;
        if (made === undefined) throw error;
        return made;
      }
    },
    async findRun(experiment, name, now) {
      const query = { experiment_id: experiment, filter: named(name), page_size: '10' };
      const call = { method: 'GET', path: '/runs', query, right: 'list runs' } as const;
      const { items } = await read(server, call, runsSchema, now);
      return items.find(({ display_name }) => display_name === name);
    },
    createRun(run, now) {
      const call = { method: 'POST', path: '/runs', body: bodyOf(run), right: 'create runs' } as const;
      return read(server, call, runSchema, now);
    },
    getRun(id, now) {
      const path = `/runs/${encodeURIComponent(id)}`;
      return read(server, { method: 'GET', path, right: 'get runs' }, runSchema, now);
    },
  };
}

/** Exactly what the API knows: a field that it does not know is an error. */
function bodyOf({ name, experiment, pipeline, version, parameters, serviceAccount }: NewRun) {
  return {
    display_name: name,
    experiment_id: experiment,
    pipeline_version_reference: {
      pipeline_id: pipeline,
      ...(version !== undefined && { pipeline_version_id: version }),
    },
    runtime_config: { parameters },
    ...(serviceAccount !== undefined && { service_account: serviceAccount }),
  };
}

/** The filter of everything that has exactly this name. */
function named(name: string): string {
  return JSON.stringify({ predicates: [{ operation: 'EQUALS', key: 'name', string_value: name }] });
}

function formOf(file: Uint8Array): FormData {
  const form = new FormData();
  form.append('uploadfile', new Blob([new Uint8Array(file)]), 'pipeline.yaml');
  return form;
}
