import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Envelope } from '../../events/envelope.ts';
import { derive } from '../../events/ids.ts';
import { postEvent } from '../../functions/host/sink.ts';
import { type EnvironmentSources, jobEnvironmentOf } from './environment.ts';
import type { JobTemplate } from './job.ts';
import { type JobChange, type LocalJobSink, openJobSink } from './job-sink.ts';
import { type JobSinkServer, serveJobSinks } from './job-sinks.ts';
import type { RecordEntry } from './platform-log.ts';
import { matches } from './references.ts';
import type { ApiServerSourceManifest } from './schema/api-server-source.ts';
import type { JobSinkManifest } from './schema/job-sink.ts';
import type { Topology } from './topology.ts';

const DEFAULT_BACKOFF_LIMIT = 6;
const TELL_AGAIN_MS = 500;

/** The JobSinks of the manifests, and the sources that tell what becomes of their Jobs. */
export interface LocalJobs {
  urlOf(jobSink: string): string;
  /** Runs Jobs from now on, those of an earlier platform first. @throws XorflowError `INVALID_MANIFEST` */
  launch(sources: EnvironmentSources, urlOfSink: (source: ApiServerSourceManifest) => string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the addresses of the JobSinks.
 *
 * @param data folder of what outlives the platform
 * @throws XorflowError `STORE_UNAVAILABLE`
 */
export async function openJobs(
  topology: Topology,
  { data, root, record }: { data: string; root: string; record: RecordEntry },
): Promise<LocalJobs> {
  const { namespace, jobSinks } = topology;
  const stopping = new AbortController();
  let tell: (change: JobChange) => Promise<void> = async () => undefined;
  const sinks = new Map<string, LocalJobSink>();
  for (const manifest of jobSinks) {
    const { name } = manifest.metadata;
    const sink = await openJobSink({
      name,
      folder: join(data, 'jobs', name),
      labels: manifest.spec.job.metadata?.labels ?? {},
      slots: slotsOf(manifest),
      onEnd: (change) => {
        record({ name: 'job:ended', job: change.name, ...change.end });
        return tell(change);
      },
      onOutput: (stream, line) => record({ name: 'function:output', service: name, stream, line }),
    });
    sinks.set(name, sink);
  }
  const server: JobSinkServer | undefined = sinks.size > 0 ? await serveJobSinks(namespace, sinks) : undefined;
  return {
    urlOf: (name) => server?.urlOf(name) ?? '',
    async launch(sources, urlOfSink) {
      tell = async (change) => {
        for (const source of topology.sources.filter((one) => isToldOf(one, change))) {
          await tellUntilHeard(urlOfSink(source), eventOf(change, namespace), stopping.signal);
        }
      };
      const templates = jobSinks.map((manifest) =>
        toTemplate(manifest, root, jobEnvironmentOf(manifest, topology, sources)),
      );
      for (const [index, manifest] of jobSinks.entries()) {
        const template = templates[index];
        if (template) await sinks.get(manifest.metadata.name)?.launch(template);
      }
    },
    async close() {
      stopping.abort();
      await Promise.all([...sinks.values()].map((sink) => sink.close()));
      await server?.close();
    },
  };
}

function toTemplate(manifest: JobSinkManifest, root: string, env: Record<string, string>): JobTemplate {
  const {
    template,
    backoffLimit = DEFAULT_BACKOFF_LIMIT,
    activeDeadlineSeconds,
    podFailurePolicy,
  } = manifest.spec.job.spec;
  const rules = podFailurePolicy?.rules.flatMap((rule) => (rule.action === 'FailJob' ? [rule.onExitCodes] : [])) ?? [];
  return {
    file: resolve(root, template.spec.containers[0]?.command[1] ?? ''),
    env,
    backoffLimit,
    deadlineMs: activeDeadlineSeconds === undefined ? undefined : activeDeadlineSeconds * 1000,
    isFinal: (code) => rules.some(({ operator, values }) => (operator === 'In') === values.includes(code)),
  };
}

/** As the scheduler: as many at once as the CPUs that they ask for fit; one always. */
function slotsOf(manifest: JobSinkManifest): number {
  const cpu = manifest.spec.job.spec.template.spec.containers[0]?.resources?.requests?.cpu ?? '1';
  const cpus = cpu.endsWith('m') ? Number(cpu.slice(0, -1)) / 1000 : Number(cpu);
  return Math.max(1, Math.floor(availableParallelism() / (cpus || 1)));
}

function isToldOf({ spec }: ApiServerSourceManifest, { labels }: JobChange): boolean {
  return spec.resources.some(({ selector }) => matches(selector, labels));
}

/** What an ApiServerSource in mode `Resource` sends, as far as there is a Job on one machine. */
function eventOf({ name, labels, end }: JobChange, namespace: string): Envelope {
  const { type, reason, message } = end;
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels },
    status: { conditions: [{ type, status: 'True', reason, message }] },
  };
  return {
    attributes: {
      specversion: '1.0',
      type: 'dev.knative.apiserver.resource.update',
      source: 'http://127.0.0.1',
      id: derive(name, type, reason),
      subject: `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`,
      datacontenttype: 'application/json',
    },
    body: Buffer.from(JSON.stringify(job)),
  };
}

async function tellUntilHeard(sink: string, event: Envelope, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await postEvent(sink, event, { signal });
    } catch {
      await sleep(TELL_AGAIN_MS, undefined, { signal });
    }
  }
}
