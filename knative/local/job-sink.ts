import { type Envelope, writeStructured } from '../../events/envelope.ts';
import { toError } from '../../events/errors.ts';
import { jobIdOf } from '../../events/ids.ts';
import { type JobEnd, type JobTemplate, type RunJobOptions, runJob } from './job.ts';
import { openJobStore } from './job-store.ts';

/** A Job whose state has changed, as who watches it learns of it. */
export interface JobChange {
  readonly name: string;
  /** Those of the manifest, and JobSink's own. */
  readonly labels: Readonly<Record<string, string>>;
  readonly end: JobEnd;
}

export interface JobSinkOptions {
  readonly name: string;
  /** Where its Jobs are kept. */
  readonly folder: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Jobs that run at once; the others wait. */
  readonly slots: number;
  readonly backoff?: RunJobOptions['backoff'];
  /** Resolves when whoever has to know does; until then the Job is not over. */
  onEnd(change: JobChange): Promise<void>;
  onOutput(stream: 'stdout' | 'stderr', line: string): void;
}

/** One JobSink: makes a Job of each event, once. */
export interface LocalJobSink {
  /** Takes an event; gives the path under which its Job can be asked for. */
  take(event: Envelope): Promise<string>;
  /** `running`, or what it came to; undefined where there is no Job of that event. */
  stateOf(source: string, id: string): Promise<JobEnd | 'running' | undefined>;
  /** Runs what was taken before, and from now on what is taken. */
  launch(template: JobTemplate): Promise<void>;
  /** Stops the processes; their Jobs are run again at the next launch. */
  close(): Promise<void>;
}

/** @throws XorflowError `STORE_UNAVAILABLE` */
export async function openJobSink(options: JobSinkOptions): Promise<LocalJobSink> {
  const { name, folder, slots } = options;
  const store = await openJobStore(folder);
  const stopping = new AbortController();
  const waiting: string[] = [];
  const running = new Set<Promise<void>>();
  let template: JobTemplate | undefined;

  const next = (): void => {
    while (template && running.size < slots && !stopping.signal.aborted) {
      const id = waiting.shift();
      if (id === undefined) return;
      const done = run(id, template)
        .catch((error: unknown) => options.onOutput('stderr', `Job ${id}: ${toError(error).message}`))
        .finally(() => {
          running.delete(done);
          next();
        });
      running.add(done);
    }
  };

  async function run(id: string, from: JobTemplate): Promise<void> {
    const { backoff, onOutput } = options;
    const end = await runJob(from, {
      folder: store.folderOf(id),
      signal: stopping.signal,
      onOutput,
      ...(backoff && { backoff }),
    });
    if (!end) return;
    const labels = { ...options.labels, 'sinks.knative.dev/job-sink-id': id, 'sinks.knative.dev/job-sink-name': name };
    await options.onEnd({ name: `${name}-${id}`.slice(0, 63), labels, end });
    await store.end(id, end);
  }

  return {
    async take(event) {
      const { source = '', id = '' } = event.attributes;
      const job = jobIdOf({ source, id });
      if (await store.add(job, writeStructured(event).body)) {
        waiting.push(job);
        next();
      }
      return `sources/${source}/ids/${id}`;
    },
    async stateOf(source, id) {
      const job = jobIdOf({ source, id });
      return (await store.has(job)) ? ((await store.endOf(job)) ?? 'running') : undefined;
    },
    async launch(given) {
      const before = await store.unfinished();
      // Those that came in the meantime wait already.
      waiting.unshift(...before.filter((id) => !waiting.includes(id)));
      template = given;
      next();
    },
    async close() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}
