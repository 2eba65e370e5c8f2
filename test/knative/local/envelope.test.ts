import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CloudEvent, HTTP } from 'cloudevents';
import fc from 'fast-check';
import {
  type Envelope,
  IncompleteEvent,
  isEnvelope,
  readEnvelope,
  writeBinary,
  writeStructured,
} from '../../../events/envelope.ts';
import { InvalidEvent } from '../../../events/errors.ts';

const STRUCTURED = { 'content-type': 'application/cloudevents+json' };
const HEADERS = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/test', 'ce-type': 't' };
const EVENT = { specversion: '1.0', id: '1', source: '/test', type: 't' };

const structured = (changes: object | string) =>
  readEnvelope(
    STRUCTURED,
    Buffer.from(typeof changes === 'string' ? changes : JSON.stringify({ ...EVENT, ...changes })),
  );
const binary = (changes: Record<string, string>, body = '') =>
  readEnvelope({ ...HEADERS, ...changes }, Buffer.from(body));

describe('reading an event', () => {
  test('attributes are named without ce-; datacontenttype is there only if the event had one', () => {
    assert.deepEqual(binary({ 'ce-dims': '2', 'x-other': 'x' }).attributes, { ...EVENT, dims: '2' });
    assert.deepEqual(binary({ 'content-type': 'text/plain' }).attributes, { ...EVENT, datacontenttype: 'text/plain' });
    assert.deepEqual(structured({ data: {} }).attributes, EVENT);
    assert.deepEqual(structured({ datacontenttype: 'application/json', data: {} }).attributes, {
      ...EVENT,
      datacontenttype: 'application/json',
    });
  });

  test('integers and booleans of a structured event become strings, null is absent', () => {
    assert.deepEqual(structured({ n: 5, zero: -0, yes: true, no: false, nothing: null }).attributes, {
      ...EVENT,
      n: '5',
      zero: '0',
      yes: 'true',
      no: 'false',
    });
  });

  const data: [name: string, event: object | string, body: string][] = [
    [
      'JSON keeps its bytes',
      `{"data" : {"n": 12345678901234567890, "s":"\\u00e9"} ,${JSON.stringify(EVENT).slice(1)}`,
      '{"n": 12345678901234567890, "s":"\\u00e9"}',
    ],
    ['a JSON string stays JSON', { datacontenttype: 'application/json', data: 'hi' }, '"hi"'],
    ['a JSON string stays JSON without a content type', { data: 'hi' }, '"hi"'],
    ['a string of another type is its text', { datacontenttype: 'text/plain', data: 'h"i' }, 'h"i'],
    ['an object of another type is JSON', { datacontenttype: 'text/plain', data: { a: 1 } }, '{"a":1}'],
    ['falsy data is data', { data: 0 }, '0'],
    ['null is data', { data: null }, 'null'],
    ['base64 is decoded', { data_base64: 'aGk=' }, 'hi'],
    ['no data is no bytes', {}, ''],
    [
      'an inner "id" or brace in a string changes nothing',
      { data: { id: '}{"id":"9",' } },
      '{"id":"}{\\"id\\":\\"9\\","}',
    ],
    ['base64 of specversion 0.3 is decoded', { specversion: '0.3', datacontentencoding: 'base64', data: 'aGk=' }, 'hi'],
  ];
  for (const [name, event, body] of data) {
    test(`structured data: ${name}`, () => assert.equal(structured(event).body.toString(), body));
  }

  test('binary data is never looked into', () => {
    assert.equal(binary({ 'content-type': 'application/json' }, '{"a":').body.toString(), '{"a":');
  });

  for (const time of ['2026-01-02T03:04:05Z', '2024-02-29T23:59:59.123456789+01:00', '0000-01-01T00:00:00-23:59']) {
    test(`${time} is a time`, () => assert.equal(binary({ 'ce-time': time }).attributes.time, time));
  }
});

describe('what is no event is refused with value, place and rule', () => {
  const refused: [name: string, read: () => Envelope, message: RegExp][] = [
    ...['id', 'source', 'type'].flatMap((name): [string, () => Envelope, RegExp][] => [
      [
        `no ${name}, binary`,
        () => binary({ [`ce-${name}`]: '' }),
        new RegExp(`^Missing ${name} at ce-${name}: expected`),
      ],
      [
        `no ${name}, structured`,
        () => structured({ [name]: undefined }),
        new RegExp(`^Missing ${name} at ${name}: expected`),
      ],
    ]),
    [
      'specversion 2.0',
      () => binary({ 'ce-specversion': '2.0' }),
      /^Unsupported value "2\.0" at ce-specversion: expected 1\.0$/,
    ],
    ['no specversion', () => structured({ specversion: undefined }), /at specversion: expected 1\.0/],
    ['no headers', () => readEnvelope({ 'content-type': 'application/json' }, Buffer.from('{}')), /^No CloudEvent/],
    [
      'a batch',
      () => readEnvelope({ 'content-type': 'application/cloudevents-batch+json' }, Buffer.from('[]')),
      /no batch/,
    ],
    [
      'another event format',
      () => readEnvelope({ 'content-type': 'application/cloudevents+avro' }, Buffer.from('')),
      /cloudevents\+avro/,
    ],
    ...[
      'yesterday',
      '2026-01-02',
      '2026-13-01T00:00:00Z',
      '2026-02-29T00:00:00Z',
      '2026-01-01T24:00:00Z',
      '2026-01-01T00:00:00',
      '2026-01-01t00:00:00z',
    ].map((time): [string, () => Envelope, RegExp] => [
      `the time ${time}`,
      () => binary({ 'ce-time': time }),
      /at ce-time: expected an RFC 3339 time/,
    ]),
    ['a name with a dash', () => binary({ 'ce-my-ext': 'x' }), /"ce-my-ext": expected letters/],
    ['a name with an underscore', () => structured({ my_ext: 'x' }), /"my_ext": expected letters/],
    ['a header ce-data', () => binary({ 'ce-data': 'x' }), /Reserved attribute at ce-data/],
    ['an object as a value', () => structured({ ext: {} }), /"{}" at "ext": expected a string/],
    ['a fraction as a value', () => structured({ ext: 1.5 }), /"1\.5" at "ext"/],
    ['a number as id', () => structured({ id: 5 }), /"5" at "id"/],
    ['an integer of more than 32 bits', () => structured({ ext: 2 ** 31 }), /32-bit/],
    ['a value outside of ASCII', () => structured({ subject: 'żó' }), /"żó" at subject: expected printable ASCII/],
    ['a line break in a value', () => structured({ subject: 'a\r\nx: y' }), /at subject: expected printable ASCII/],
    ['a member twice', () => structured('{"specversion":"1.0","id":"1","id":"2"}'), /Repeated member "id"/],
    ['an attribute twice in two spellings', () => structured({ Foo: 'a', foo: 'b' }), /Repeated attribute/],
    [
      'an attribute of the specification in capitals',
      () => structured({ Subject: 'a' }),
      /Repeated attribute "Subject"/,
    ],
    ['data and data_base64', () => structured({ data: 1, data_base64: 'aGk=' }), /Both data and data_base64/],
    ['bad base64', () => structured({ data_base64: 'a*==' }), /at data_base64: expected a base64 string/],
    ['a JSON array', () => structured('[]'), /expected one JSON object/],
    ['truncated JSON', () => structured('{"specversion":"1.0","id'), /expected one JSON object/],
    [
      'bytes that are no UTF-8',
      () => readEnvelope(STRUCTURED, Buffer.from([0x7b, 0xff, 0x7d])),
      /expected one JSON object/,
    ],
    [
      '10000 levels of arrays',
      () => structured(`${JSON.stringify(EVENT).slice(0, -1)},"data":${'['.repeat(10_000)}${']'.repeat(10_000)}}`),
      /at most 1000 levels/,
    ],
    [
      '10000 levels cut off',
      () => structured(`${JSON.stringify(EVENT).slice(0, -1)},"data":${'{"a":'.repeat(10_000)}`),
      /expected one JSON object/,
    ],
  ];
  for (const [name, read, message] of refused) {
    test(name, () => assert.throws(read, (error) => error instanceof InvalidEvent && message.test(error.message)));
  }

  test('only an event without id, source or type is incomplete', () => {
    assert.throws(() => binary({ 'ce-id': '' }), IncompleteEvent);
    assert.throws(
      () => binary({ 'ce-specversion': '2.0' }),
      (error) => !(error instanceof IncompleteEvent),
    );
  });
});

describe('writing an event', () => {
  for (const value of ['żó', 'a\r\nx-evil: 1', 'a\0', ' a', 'a ', 'a\tb']) {
    test(`an attribute of ${JSON.stringify(value)} is refused`, () => {
      const envelope = { attributes: { ...EVENT, subject: value }, body: Buffer.alloc(0) };
      assert.throws(() => writeBinary(envelope), /at subject: expected printable ASCII/);
      assert.throws(() => writeStructured(envelope), InvalidEvent);
    });
  }

  test('a name that is no attribute name is refused', () => {
    assert.throws(() => writeBinary({ attributes: { ...EVENT, 'a:b': 'x' }, body: Buffer.alloc(0) }), InvalidEvent);
  });
});

test('a message claims to be an event by its content type or any ce- header', () => {
  assert.equal(isEnvelope({ 'ce-id': '1' }), true);
  assert.equal(isEnvelope({ 'content-type': 'Application/CloudEvents+json; charset=UTF-8' }), true);
  assert.equal(isEnvelope({ 'content-type': 'application/cloudevents-batch+json' }), true);
  assert.equal(isEnvelope({ 'content-type': 'application/json' }), false);
  assert.equal(isEnvelope({}), false);
});

const printable = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) });
const value = printable.map((text) => text.trim());
const name = fc.string({
  unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789'),
  minLength: 1,
  maxLength: 20,
});
const nonEmpty = value.filter((text) => text !== '');
const reserved = [
  'specversion',
  'id',
  'source',
  'type',
  'time',
  'subject',
  'dataschema',
  'schemaurl',
  'datacontenttype',
  'datacontentencoding',
  'data',
];
const envelopes: fc.Arbitrary<Envelope> = fc
  .record({
    required: fc.record({ id: nonEmpty, source: nonEmpty, type: nonEmpty }),
    optional: fc.record(
      {
        subject: nonEmpty,
        time: fc
          .date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-01-01') })
          .map((date) => date.toISOString()),
        datacontenttype: fc.constantFrom(
          'application/json',
          'text/plain',
          'application/xml',
          'application/vnd.x+json; charset=utf-8',
          'image/png',
        ),
      },
      { requiredKeys: [] },
    ),
    extensions: fc.dictionary(
      name.filter((text) => !reserved.includes(text)),
      value,
    ),
    body: fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc.json().map((text) => Buffer.from(` ${text}\n`)),
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    ),
  })
  .map(({ required, optional, extensions, body }) => ({
    attributes: { specversion: '1.0', ...required, ...optional, ...extensions },
    body,
  }));

describe('for every legal event', () => {
  test('binary mode gives back the same attributes and bytes', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        const { headers, body } = writeBinary(envelope);
        assert.deepEqual(readEnvelope(headers, body), envelope);
      }),
    );
  });

  test('structured mode gives back the same attributes and bytes', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        const { headers, body } = writeStructured(envelope);
        const read = readEnvelope(headers, body);
        assert.deepEqual(read.attributes, envelope.attributes);
        assert.deepEqual(read.body, envelope.body);
      }),
      { numRuns: 500 },
    );
  });
});

describe('whatever bytes come, the answer is an event or InvalidEvent', () => {
  const read = (headers: Record<string, string>, body: Buffer) => {
    try {
      const { attributes } = readEnvelope(headers, body);
      for (const [key, text] of Object.entries(attributes))
        assert.ok(/^[a-z0-9]+$/.test(key) && typeof text === 'string');
    } catch (error) {
      if (!(error instanceof InvalidEvent)) throw error;
    }
  };
  const types = fc.oneof(
    fc.constantFrom('application/cloudevents+json', 'application/cloudevents-batch+json', 'application/json', ''),
    fc.string(),
  );
  const anyHeaders = fc.dictionary(
    fc.oneof(
      name.map((text) => `ce-${text}`),
      fc.string(),
      fc.constantFrom(...Object.keys(HEADERS)),
    ),
    fc.string(),
  );

  test('random headers and bodies', () => {
    fc.assert(
      fc.property(anyHeaders, types, fc.uint8Array(), (headers, type, bytes) =>
        read({ ...headers, 'content-type': type }, Buffer.from(bytes)),
      ),
      { numRuns: 500 },
    );
  });

  test('random JSON as a structured event', () => {
    const member = fc.oneof(fc.constantFrom(...reserved, 'data_base64'), name, fc.string());
    fc.assert(
      fc.property(fc.dictionary(member, fc.jsonValue()), (event) =>
        read(STRUCTURED, Buffer.from(JSON.stringify({ ...EVENT, ...event }))),
      ),
      { numRuns: 500 },
    );
  });

  test('a structured event with a byte changed, added or cut', () => {
    const original = writeStructured({
      attributes: { ...EVENT, datacontenttype: 'application/json', n: '5' },
      body: Buffer.from('{"a":[1,"x\\"y",null]}'),
    }).body;
    fc.assert(
      fc.property(
        fc.nat(original.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.constantFrom('change', 'add', 'cut'),
        (at, byte, how) => {
          const middle = how === 'cut' ? [] : [byte];
          const rest = how === 'cut' ? [] : [...original.subarray(how === 'add' ? at : at + 1)];
          read(STRUCTURED, Buffer.from([...original.subarray(0, at), ...middle, ...rest]));
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('the cloudevents SDK as a peer', () => {
  const events: [name: string, event: CloudEvent<unknown>, body: string | Buffer][] = [
    [
      'JSON data',
      new CloudEvent({ ...EVENT, subject: 's', dims: '2', datacontenttype: 'application/json', data: { a: [1] } }),
      '{"a":[1]}',
    ],
    ['text', new CloudEvent({ ...EVENT, datacontenttype: 'text/plain', data: 'hi' }), 'hi'],
    ['no data', new CloudEvent({ ...EVENT }), ''],
  ];
  for (const [name, event, body] of events) {
    for (const mode of ['binary', 'structured'] as const) {
      test(`${mode} with ${name} is read equal`, () => {
        const message = HTTP[mode](event);
        const headers = Object.fromEntries(
          Object.entries(message.headers).map(([key, text]) => [key.toLowerCase(), String(text)]),
        );
        const read = readEnvelope(headers, Buffer.from(String(message.body ?? '')));
        assert.equal(read.body.toString(), String(body));
        for (const key of ['id', 'source', 'type', 'specversion', 'subject', 'dims'] as const) {
          assert.equal(read.attributes[key], event[key] as string | undefined);
        }
      });
    }
  }

  test('the SDK reads what we write', () => {
    const envelope = {
      attributes: { ...EVENT, subject: 's', dims: '2', datacontenttype: 'application/json' },
      body: Buffer.from('{"a":[1]}'),
    };
    for (const write of [writeBinary, writeStructured]) {
      const { headers, body } = write(envelope);
      const event = HTTP.toEvent({ headers, body: body.toString() }) as CloudEvent<unknown>;
      assert.deepEqual(
        [event.id, event.source, event.type, event.subject, event.dims, event.data],
        ['1', '/test', 't', 's', '2', { a: [1] }],
      );
    }
  });
});
