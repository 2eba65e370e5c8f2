import { setTimeout as sleep } from 'node:timers/promises';
import { toError } from '../../events/errors.ts';
import type { Instance, StartInstance } from './instance.ts';
import type { RecordEntry } from './platform-log.ts';
import type { Answer, PostOptions } from './post.ts';
import { openProxy } from './proxy.ts';
import type { ServiceManifest } from './schema/service.ts';

/** What serving needs of a Service, with the defaults that Serving's webhook fills in. */
export interface ServiceSettings {
  readonly service: string;
  /** From the project's folder. */
  readonly file: string;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly responseStartMs: number;
  readonly readinessPath: string | undefined;
}

export interface ServingOptions {
  readonly start: StartInstance;
  readonly record: RecordEntry;
  readonly host?: string;
  readonly port?: number;
  /** As the activator's. */
  readonly queueDepth?: number;
  /** How long requests in flight may take when the platform stops, if the Service's timeout is not shorter. */
  readonly graceMs?: number;
}

/** One Service: its address from the beginning, its function once it has been launched. */
export interface ServedFunction {
  readonly service: string;
  /** Where to send requests: they wait until the function is ready. */
  readonly url: string;
  /** For functions in this process, in place of posting to the URL. */
  handOver(options: PostOptions): Promise<Answer>;
  /** Starts the function; from then on it is started again whenever it ends. @throws what the start threw */
  launch(file: string, env: Readonly<Record<string, string>>): Promise<void>;
  /** Accepts nothing new, finishes what is in flight, stops the function. */
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_SECONDS = 300;
const QUEUE_DEPTH = 10_000;
const GRACE_MS = 5_000;
const RESTART = { firstMs: 100, longestMs: 10_000, calmMs: 10_000 };

/** Reads a Service as Serving would run it. */
export function toSettings({ metadata, spec }: ServiceManifest): ServiceSettings {
  const { containers, containerConcurrency = 0, timeoutSeconds, responseStartTimeoutSeconds } = spec.template.spec;
  const timeout = timeoutSeconds || DEFAULT_TIMEOUT_SECONDS;
  const [container] = containers;
  return {
    service: metadata.name,
    file: container?.command[1] ?? '',
    concurrency: containerConcurrency,
    timeoutMs: timeout * 1000,
    // Filled in with 300 even where timeoutSeconds is more: an answer at 400 s never arrives.
    responseStartMs: (responseStartTimeoutSeconds || Math.min(timeout, DEFAULT_TIMEOUT_SECONDS)) * 1000,
    readinessPath: container?.readinessProbe?.httpGet?.path,
  };
}

/**
 * Opens the address of a Service.
 *
 * @throws XorflowError `PORT_IN_USE`
 */
export async function openService(settings: ServiceSettings, options: ServingOptions): Promise<ServedFunction> {
  const { service } = settings;
  const proxy = await openProxy({
    ...settings,
    queueDepth: options.queueDepth ?? QUEUE_DEPTH,
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    onRefused: (status, reason) => options.record({ name: 'request:refused', service, status, reason }),
  });
  const closing = new AbortController();
  const aborted = new Promise<undefined>((resolve) =>
    closing.signal.addEventListener('abort', () => resolve(undefined), { once: true }),
  );
  let instance: Instance | undefined;
  let supervision: Promise<void> = Promise.resolve();

  async function start(file: string, env: Readonly<Record<string, string>>): Promise<Instance> {
    const started = performance.now();
    const launched = await options.start(
      {
        service,
        file,
        env,
        readinessPath: settings.readinessPath,
        onOutput: (stream, line) => options.record({ name: 'function:output', service, stream, line }),
      },
      closing.signal,
    );
    instance = launched;
    proxy.setTarget(launched);
    const ms = performance.now() - started;
    options.record({ name: 'function:started', service, url: proxy.url, ms });
    return launched;
  }

  async function supervise(first: Instance, file: string, env: Readonly<Record<string, string>>): Promise<void> {
    let current: Instance | undefined = first;
    let waitMs = RESTART.firstMs;
    let since = performance.now();
    while (!closing.signal.aborted) {
      const exit = await Promise.race([current?.exited ?? { code: null, signal: null }, aborted]);
      if (exit === undefined || closing.signal.aborted) return;
      proxy.setTarget(undefined);
      if (performance.now() - since > RESTART.calmMs) waitMs = RESTART.firstMs;
      options.record({ name: 'function:exited', service, ...exit, restartMs: waitMs });
      await sleep(waitMs, undefined, { signal: closing.signal }).catch(() => undefined);
      if (closing.signal.aborted) return;
      waitMs = Math.min(waitMs * 2, RESTART.longestMs);
      since = performance.now();
      current = await start(file, env).catch((error: unknown) => {
        options.record({ name: 'function:output', service, stream: 'stderr', line: toError(error).message });
        return undefined;
      });
    }
  }

  async function close(): Promise<void> {
    const graceMs = Math.min(settings.timeoutMs, options.graceMs ?? GRACE_MS);
    proxy.drain();
    closing.abort();
    await supervision;
    await Promise.all([proxy.close(graceMs), instance?.stop(graceMs)]);
  }

  let closed: Promise<void> | undefined;
  return {
    service,
    url: proxy.url,
    handOver: proxy.handOver,
    async launch(file, env) {
      const first = await start(file, env);
      supervision = supervise(first, file, env);
    },
    close: () => (closed ??= close()),
  };
}
