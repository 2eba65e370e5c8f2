import { CloudEvent } from 'cloudevents';
import { type Envelope, readEnvelope } from './envelope.ts';
import { InvalidEvent, RejectedError } from './errors.ts';
import { sentenceOf } from './issues.ts';
import { isTooDeep, MAX_JSON_DEPTH } from './json.ts';
import { definitionOf, type KnownEvent } from './registry.ts';

const STRUCTURED_HEADERS = { 'content-type': 'application/cloudevents+json' };

/**
 * The typed event in an envelope, its data parsed by the schema of its type, defaults filled in.
 *
 * @returns undefined for a type that the catalogue does not have
 * @throws RejectedError `INVALID_SPEC` when the data are not what the type says
 */
export function parseEvent(envelope: Envelope): KnownEvent | undefined {
  const definition = definitionOf(envelope.attributes.type ?? '');
  if (!definition) return undefined;
  const data = jsonOf(envelope);
  const parsed = definition.schema.safeParse(data);
  if (!parsed.success) {
    throw new RejectedError('INVALID_SPEC', `${definition.type}: ${sentenceOf(parsed.error, data, definition.schema)}`);
  }
  return new CloudEvent({ ...envelope.attributes, data: parsed.data }, false) as KnownEvent;
}

/** Any event, known or not, valid data or not: what a recorder keeps. JSON data are parsed, others stay bytes. */
export function looseEvent(envelope: Envelope): CloudEvent<unknown> {
  const { attributes, body } = envelope;
  if (body.length === 0) return new CloudEvent<unknown>({ ...attributes }, false);
  try {
    return new CloudEvent<unknown>({ ...attributes, data: jsonOf(envelope) }, false);
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    return new CloudEvent<unknown>({ ...attributes, data_base64: body.toString('base64') }, false);
  }
}

/** The envelope of an event of ours, its data as JSON bytes. */
export function toEnvelope(event: CloudEvent<unknown>): Envelope {
  const { data, data_base64: base64, ...rest } = event.toJSON() as Record<string, unknown>;
  const attributes = Object.fromEntries(
    Object.entries(rest)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );
  if (typeof base64 === 'string') return { attributes, body: Buffer.from(base64, 'base64') };
  return { attributes, body: data === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(data)) };
}

/**
 * Reads an entry of a log: the structured JSON of an event.
 *
 * @returns undefined for an unknown type, or one whose data do not match (it stands in the log as it came)
 */
export function eventFromJson(text: string): KnownEvent | undefined {
  try {
    return parseEvent(readEnvelope(STRUCTURED_HEADERS, Buffer.from(text)));
  } catch (error) {
    if (error instanceof RejectedError) return undefined;
    throw error;
  }
}

/** JSON data of an event; a missing content type means JSON, as it does in structured mode. */
function jsonOf({ attributes, body }: Envelope): unknown {
  const contentType = attributes.datacontenttype;
  if (contentType !== undefined && !/^[^;]*[/+]json\s*(;|$)/i.test(contentType)) {
    throw new RejectedError(
      'INVALID_SPEC',
      `Wrong value ${JSON.stringify(contentType)} at datacontenttype: expected application/json`,
    );
  }
  const text = body.toString('utf8');
  if (isTooDeep(text)) {
    throw new InvalidEvent(
      `Too deeply nested data of ${attributes.type}: expected JSON of at most ${MAX_JSON_DEPTH} levels`,
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidEvent(`The data of ${attributes.type} are no JSON: ${(cause as Error).message}`, { cause });
  }
}
