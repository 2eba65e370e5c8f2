/** Which event an entry is about. */
export interface EventName {
  readonly id: string;
  readonly source: string;
  readonly type: string;
}

interface AboutDelivery {
  readonly event: EventName;
  /** `namespace/name` of the Trigger. */
  readonly trigger: string;
}

/** Why a delivery or attempt failed: the status that the error extensions carry, and what was said. */
export interface Failure {
  readonly status: number;
  readonly reason: string;
}

interface BrokerLogEvents {
  'broker:started': { readonly url: string; readonly resumed: number };
  'event:accepted': {
    readonly event: EventName;
    readonly broker: string;
    readonly triggers: readonly string[];
    readonly ms: number;
  };
  'event:refused': { readonly broker: string; readonly status: number; readonly reason: string };
  'delivery:attempted': AboutDelivery & { readonly attempt: number; readonly url: string };
  'delivery:retried': AboutDelivery & Failure & { readonly attempt: number; readonly waitMs: number };
  'delivery:delivered': AboutDelivery & { readonly status: number; readonly ms: number };
  'delivery:deadlettered': AboutDelivery & Failure & { readonly url: string };
  'delivery:dropped': AboutDelivery & Failure;
  'reply:routed': AboutDelivery & { readonly reply: EventName };
  'reply:retried': AboutDelivery & Failure & { readonly attempt: number; readonly waitMs: number };
}

type Named = {
  [Name in keyof BrokerLogEvents]: { readonly name: Name } & BrokerLogEvents[Name];
}[keyof BrokerLogEvents];

/** What the broker tells about its work, with the time in milliseconds since the epoch (fractions included), so that hops can be timed. */
export type BrokerLogEvent = Named & { readonly at: number };

/** Adds the time to entries. */
export function makeRecorder(log: (event: BrokerLogEvent) => void): (entry: Named) => void {
  return (entry) => log({ ...entry, at: performance.timeOrigin + performance.now() });
}

export type Recorder = ReturnType<typeof makeRecorder>;

/** The name of an event with these attributes. */
export function toEventName({ id = '', source = '', type = '' }: Readonly<Record<string, string>>): EventName {
  return { id, source, type };
}
