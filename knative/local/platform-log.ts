import type { BrokerLogEvent } from './broker.ts';

interface PlatformLogEvents {
  'manifest:ignored': { readonly place: string; readonly field: string; readonly reason: string };
  'platform:started': { readonly brokerUrl: string; readonly ms: number };
  'platform:stopped': { readonly ms: number };
  'function:started': { readonly service: string; readonly url: string; readonly ms: number };
  /** A line that a function printed: metric lines on stdout, its log on stderr. */
  'function:output': { readonly service: string; readonly stream: 'stdout' | 'stderr'; readonly line: string };
  'function:exited': {
    readonly service: string;
    readonly code: number | null;
    readonly signal: string | null;
    readonly restartMs: number;
  };
  /** A Job has come to its end, good or bad. */
  'job:ended': {
    readonly job: string;
    readonly type: 'Complete' | 'Failed';
    readonly reason: string;
    readonly message: string;
  };
  'request:refused': { readonly service: string; readonly status: number; readonly reason: string };
}

type Named = {
  [Name in keyof PlatformLogEvents]: { readonly name: Name } & PlatformLogEvents[Name];
}[keyof PlatformLogEvents];

/** What the platform tells about itself and its broker; `at` is milliseconds since the epoch. */
export type PlatformLogEvent = (Named & { readonly at: number }) | BrokerLogEvent;

/** Takes an entry without its time. */
export type RecordEntry = (entry: Named) => void;

/** Adds the time to entries. */
export function makeRecord(log: (event: PlatformLogEvent) => void): RecordEntry {
  return (entry) => log({ ...entry, at: performance.timeOrigin + performance.now() });
}
