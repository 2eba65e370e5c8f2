import type { IRouter } from 'express';
import type { Logger } from 'pino';
import type { Envelope } from '../../events/envelope.ts';
import type { EventType, KnownEvent } from '../../events/registry.ts';
import type { Store } from '../store/port.ts';

/** What a handler gets from the platform; it reads no environment, opens no socket, knows no clock. */
export interface Deps {
  readonly store: Store;
  readonly log: Logger;
  /** What the function was configured with: the environment of its container. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How many requests the platform sends this function at once (`containerConcurrency`; 0 is no limit). */
  readonly concurrency: number;
  /** Aborted when the function begins to shut down: what never ends by itself, such as a stream, ends now. */
  readonly draining: AbortSignal;
  /** Aborted when work in flight is to be given up: its event will be delivered again. */
  readonly signal: AbortSignal;
  /**
   * Posts an event to a sink, resolved when that has it.
   *
   * @throws TransientError `SINK_UNAVAILABLE`: the cause will be delivered again
   */
  post(sink: string, envelope: Envelope): Promise<void>;
  /** Prints metric lines on stdout and gives the very same lines to those who follow the experiment's log. */
  emitLines(experiment: string, lines: readonly { key: string; text: string }[]): Promise<void>;
}

/** A function of the chain: event (+ artifacts) -> events. */
export interface FunctionDefinition {
  /** The folder's name; events come from `/xorflow/<name>`. */
  readonly name: string;
  /** The types that it reacts to; any other is acknowledged and counted. `all` takes every event, unknown types too. */
  readonly accepts: readonly EventType[] | 'all';
  /** Whether one event may bring about several: then it cannot start without `K_SINK`. */
  readonly emitsMany: boolean;
  handle(event: KnownEvent, deps: Deps): Promise<readonly KnownEvent[]>;
  /** Before readiness: warms up what the first request would wait for. */
  init?(deps: Deps): Promise<void>;
  /** After the last request. */
  shutdown?(deps: Deps): Promise<void>;
  /** More routes beside `POST /`: the gateway's API. */
  routes?(router: IRouter, deps: Deps): void;
}
