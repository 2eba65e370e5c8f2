import { CloudEvent } from 'cloudevents';
import type { z } from 'zod';
import { RejectedError } from './errors.ts';
import { derive, type EventKey } from './ids.ts';
import { sentenceOf } from './issues.ts';

/** What every intermediary must carry by the CloudEvents specification; larger bytes travel as artifacts. */
export const MAX_EVENT_BYTES = 64 * 1024;

/** One type of the catalogue: its name, meaning, the schema of its data, and an example that is doc and fixture. */
export interface EventDefinition<T extends string = string, S extends z.ZodType = z.ZodType> {
  readonly type: T;
  readonly summary: string;
  readonly schema: S;
  readonly example: z.infer<S>;
  /** Nothing of the chain follows it. */
  readonly terminal: boolean;
  /** Extension attributes that Triggers filter on, with what they hold. */
  readonly extensions: Readonly<Record<string, string>>;
}

export type DataOf<D extends EventDefinition> = z.infer<D['schema']>;
export type EventOf<D extends EventDefinition> = CloudEvent<DataOf<D>> & { readonly type: D['type'] };

/** Declares an event type; the example is checked by the tests, not here, so that importing costs nothing. */
export function defineEvent<const T extends string, S extends z.ZodType>(definition: {
  type: T;
  summary: string;
  schema: S;
  example: z.infer<S>;
  terminal?: boolean;
  extensions?: Record<string, string>;
}): EventDefinition<T, S> {
  return { terminal: false, extensions: {}, ...definition };
}

export interface NewEvent<D extends EventDefinition> {
  /** `/xorflow/<function>`. */
  readonly source: string;
  /** Derived, never random: see {@link derivedId}. */
  readonly id: string;
  /** The experiment's id; of `trial.*` the trial's name. */
  readonly subject: string;
  readonly data: DataOf<D>;
  readonly extensions?: Readonly<Record<string, string>>;
}

/**
 * The id of an event that `cause` brings about: the same however often the cause is delivered.
 *
 * @param part tells apart several events of one type with one cause, such as the index of a model
 */
export function derivedId(cause: EventKey, definition: EventDefinition, part: string | number = ''): string {
  return derive(cause.source, cause.id, definition.type, part);
}

/**
 * Makes an event whose data its schema accepts and that every intermediary can carry.
 *
 * @throws RejectedError `INVALID_SPEC` when the data do not match the schema, `TOO_LARGE` over 64 KiB
 */
export function makeEvent<D extends EventDefinition>(definition: D, event: NewEvent<D>): EventOf<D> {
  const parsed = definition.schema.safeParse(event.data);
  if (!parsed.success)
    throw new RejectedError(
      'INVALID_SPEC',
      `${definition.type}: ${sentenceOf(parsed.error, event.data, definition.schema)}`,
    );
  const made = new CloudEvent({
    ...event.extensions,
    specversion: '1.0',
    type: definition.type,
    source: event.source,
    id: event.id,
    subject: event.subject,
    datacontenttype: 'application/json',
    data: parsed.data,
  });
  const bytes = Buffer.byteLength(JSON.stringify(made));
  if (bytes > MAX_EVENT_BYTES) {
    throw new RejectedError(
      'TOO_LARGE',
      `Too large event ${definition.type} of ${bytes} bytes for ${event.subject}: expected at most ${MAX_EVENT_BYTES}; use fewer models or shorter names`,
    );
  }
  return made as EventOf<D>;
}
