import type { IncomingHttpHeaders } from 'node:http';
import { InvalidEvent } from './errors.ts';

/** A CloudEvent as it travels: attributes in lower case without `ce-`, all strings, and data as bytes that nobody has looked into. */
export interface Envelope {
  /** `datacontenttype` is there only if the event had one. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A CloudEvent in the clothes of one HTTP request or response. */
export interface EnvelopeMessage {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** Well formed, but without an `id`, `source` or `type`: a broker retries a malformed reply, never an incomplete one. */
export class IncompleteEvent extends InvalidEvent {}

const STRUCTURED = 'application/cloudevents+json';
const CONTEXT_ATTRIBUTES = new Set(
  'specversion id source type datacontenttype dataschema schemaurl subject time datacontentencoding'.split(' '),
);
const OPTIONAL_ATTRIBUTES = ['datacontenttype', 'dataschema', 'schemaurl', 'subject', 'time'];
const NAME = /^[a-z0-9]+$/;
const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const MAX_DEPTH = 1000;

/** Whether a message claims to be a CloudEvent, valid or not. */
export function isEnvelope(headers: IncomingHttpHeaders): boolean {
  return (
    mediaType(headers['content-type']).startsWith('application/cloudevents') ||
    Object.keys(headers).some((name) => name.startsWith('ce-'))
  );
}

/**
 * Reads a CloudEvent 1.0 (or 0.3) from an HTTP message in binary or structured mode.
 * Stricter than the SDK, which invents a missing id, and as strict as a Knative broker's ingress.
 * @throws InvalidEvent for anything else; {@link IncompleteEvent} if only an `id`, `source` or `type` is missing.
 */
export function readEnvelope(headers: IncomingHttpHeaders, body: Buffer): Envelope {
  const type = mediaType(headers['content-type']);
  if (type === STRUCTURED) return readStructured(body);
  if (type.startsWith('application/cloudevents')) {
    throw new InvalidEvent(`Unsupported event format ${quote(type)} at content-type: expected ${STRUCTURED}, no batch`);
  }
  return readBinary(headers, body);
}

/** Writes an event in binary mode: attributes as headers, data as the body. @throws InvalidEvent if an attribute does not fit in a header. */
export function writeBinary(envelope: Envelope): EnvelopeMessage {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(envelope.attributes)) {
    checkAttribute(name, value, name);
    headers[name === 'datacontenttype' ? 'content-type' : `ce-${name}`] = value;
  }
  return { headers, body: envelope.body };
}

/** Writes an event in structured mode: one JSON document. Data that JSON cannot carry byte for byte travels as base64. @throws InvalidEvent */
export function writeStructured(envelope: Envelope): EnvelopeMessage {
  const { attributes, body } = envelope;
  for (const [name, value] of Object.entries(attributes)) checkAttribute(name, value, name);
  const members = Object.entries(attributes).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  if (body.length > 0) members.push(dataMember(attributes, body));
  return { headers: { 'content-type': STRUCTURED }, body: Buffer.from(`{${members.join(',')}}`) };
}

function dataMember(attributes: Envelope['attributes'], body: Buffer): string {
  const text = utf8(body);
  const type = attributes.datacontenttype;
  if (attributes.datacontentencoding === 'base64' && text !== undefined) return `"data":${JSON.stringify(text)}`;
  if (text !== undefined && isJsonType(type) && isEmbeddable(text)) return `"data":${text}`;
  if (text !== undefined && /^text\/|[/+]xml$/.test(mediaType(type)) && !isJsonType(type)) {
    return `"data":${JSON.stringify(text)}`;
  }
  const base64 = body.toString('base64');
  return attributes.specversion === '0.3'
    ? `"datacontentencoding":"base64","data":"${base64}"`
    : `"data_base64":"${base64}"`;
}

function readBinary(headers: IncomingHttpHeaders, body: Buffer): Envelope {
  const attributes: Record<string, string> = {};
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith('ce-')) continue;
    const name = header.slice(3);
    if (typeof value !== 'string') throw new InvalidEvent(`Repeated header at ${header}: expected it once`);
    if (name === 'data' || name === 'datacontenttype') {
      throw new InvalidEvent(`Reserved attribute at ${header}: expected it in the body or in content-type`);
    }
    attributes[name] = value;
  }
  if (Object.keys(attributes).length === 0) {
    throw new InvalidEvent(`No CloudEvent in the message: expected ce- headers or content-type ${STRUCTURED}`);
  }
  const type = headers['content-type'];
  if (type !== undefined) attributes.datacontenttype = type;
  return {
    attributes: checked(attributes, (name) => (name === 'datacontenttype' ? 'content-type' : `ce-${name}`)),
    body,
  };
}

function readStructured(body: Buffer): Envelope {
  const members = parseMembers(body);
  const attributes: Record<string, string> = {};
  for (const [member, raw] of members) {
    if (member === 'data' || member === 'data_base64' || raw === 'null') continue;
    // Extension names in upper case are legal for a broker, which makes headers of them and so loses the case.
    const name = member.toLowerCase();
    if (Object.hasOwn(attributes, name) || (name !== member && CONTEXT_ATTRIBUTES.has(name))) {
      throw new InvalidEvent(
        `Repeated attribute ${quote(member)} in the JSON event: expected each once, in lower case`,
      );
    }
    attributes[name] = attributeValue(member, raw);
  }
  const result = checked(attributes, (name) => name);
  return { attributes: result, body: readData(members, result) };
}

function readData(members: ReadonlyMap<string, string>, attributes: Record<string, string>): Buffer {
  const raw = members.get('data');
  const base64 = members.get('data_base64');
  if (base64 !== undefined && base64 !== 'null') {
    if (raw !== undefined) throw new InvalidEvent('Both data and data_base64 in the JSON event: expected one of them');
    if (attributes.specversion !== '1.0')
      throw new InvalidEvent('Unknown member data_base64: expected specversion 1.0');
    return decodeBase64('data_base64', base64);
  }
  if (raw === undefined) return Buffer.alloc(0);
  if (attributes.datacontentencoding === 'base64') {
    delete attributes.datacontentencoding;
    return decodeBase64('data', raw);
  }
  const isText = raw.startsWith('"') && !isJsonType(attributes.datacontenttype);
  return Buffer.from(isText ? String(JSON.parse(raw)) : raw);
}

function decodeBase64(place: string, raw: string): Buffer {
  const text: unknown = JSON.parse(raw);
  if (typeof text !== 'string' || text.length % 4 !== 0 || !BASE64.test(text)) {
    throw new InvalidEvent(`Invalid value ${quote(raw)} at ${place}: expected a base64 string`);
  }
  return Buffer.from(text, 'base64');
}

function attributeValue(member: string, raw: string): string {
  const value: unknown = JSON.parse(raw);
  if (typeof value === 'string') return value;
  if (!CONTEXT_ATTRIBUTES.has(member)) {
    if (typeof value === 'boolean') return String(value);
    if (typeof value === 'number' && (value | 0) === value) return String(value | 0);
  }
  throw new InvalidEvent(
    `Invalid value ${quote(raw)} at ${quote(member)}: expected a string, boolean or 32-bit integer`,
  );
}

function checked(attributes: Record<string, string>, placeOf: (name: string) => string): Record<string, string> {
  const version = attributes.specversion;
  if (version !== '1.0' && version !== '0.3') {
    throw new InvalidEvent(`Unsupported value ${quote(version ?? '')} at ${placeOf('specversion')}: expected 1.0`);
  }
  // An empty optional attribute counts as absent, as with the broker's own SDK.
  for (const name of OPTIONAL_ATTRIBUTES) if (attributes[name] === '') delete attributes[name];
  for (const [name, value] of Object.entries(attributes)) checkAttribute(name, value, placeOf(name));
  if (attributes.time !== undefined && !isTimestamp(attributes.time)) {
    throw new InvalidEvent(`Invalid value ${quote(attributes.time)} at ${placeOf('time')}: expected an RFC 3339 time`);
  }
  for (const name of ['id', 'source', 'type']) {
    if (!attributes[name])
      throw new IncompleteEvent(`Missing ${name} at ${placeOf(name)}: expected a non-empty string`);
  }
  return attributes;
}

function checkAttribute(name: string, value: string, place: string): void {
  if (!NAME.test(name))
    throw new InvalidEvent(`Invalid attribute name ${quote(place)}: expected letters a-z and digits`);
  // Node reads header bytes as latin1 and trims them: only printable ASCII is the same at both ends.
  if (!/^(?:[!-~](?:[ -~]*[!-~])?)?$/.test(value)) {
    throw new InvalidEvent(`Invalid value ${quote(value)} at ${place}: expected printable ASCII, no space at the ends`);
  }
}

function isTimestamp(text: string): boolean {
  const [year, month, day, hour, minute, second] = (RFC3339.exec(text) ?? []).slice(1, 7).map(Number);
  if (year === undefined || month === undefined || day === undefined) return false;
  const lastDay = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= lastDay;
  return isDate && Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
}

/** The members of a JSON object with the source text of each value, so that data keeps its bytes and long numbers their digits. */
function parseMembers(body: Buffer): Map<string, string> {
  const text = utf8(body);
  const members = new Map<string, string>();
  const isObject = text !== undefined && /^\s*\{/.test(text);
  const isReadable =
    isObject &&
    isJson(text, (name, source) => {
      if (members.has(name))
        throw new InvalidEvent(`Repeated member ${quote(name)} in the JSON event: expected each once`);
      members.set(name, source);
    });
  if (!isReadable) {
    const rule = `expected one JSON object, at most ${MAX_DEPTH} levels deep`;
    throw new InvalidEvent(`Malformed event ${quote(text ?? '')} in the body: ${rule}`);
  }
  return members;
}

/**
 * Whether text is JSON that recursive readers can take without running out of stack; tells the members of the outermost object.
 * A loop, not a regular expression: those overflow the stack on long strings.
 */
function isJson(text: string, onMember?: (name: string, source: string) => void): boolean {
  try {
    JSON.parse(text);
  } catch {
    return false;
  }
  let depth = 0;
  let name: string | undefined;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const symbol = text[at];
    if (symbol === '"') {
      const from = at;
      do at += text[at] === '\\' ? 2 : 1;
      while (text[at] !== '"');
      if (depth === 1 && name === undefined) name = String(JSON.parse(text.slice(from, at + 1)));
    } else if (symbol === '{' || symbol === '[') {
      if (++depth > MAX_DEPTH) return false;
    } else if (symbol === ':' && depth === 1) {
      start = at + 1;
    } else if (symbol === ',' || symbol === '}' || symbol === ']') {
      if (depth === 1 && name !== undefined) onMember?.(name, text.slice(start, at).trim());
      if (depth === 1) name = undefined;
      if (symbol !== ',') depth--;
    }
  }
  return true;
}

function isEmbeddable(text: string): boolean {
  return text === text.trim() && isJson(text);
}

function utf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function isJsonType(type: string | undefined): boolean {
  return type === undefined || /[/+]json$/.test(mediaType(type));
}

function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function quote(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
