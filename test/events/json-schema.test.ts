import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { makeEvent } from '../../events/define.ts';
import { writeStructured } from '../../events/envelope.ts';
import { dataSchemaOf, eventSchemaOf, jsonSchemaOf } from '../../events/json-schema.ts';
import { toEnvelope } from '../../events/read.ts';
import { CATALOGUE } from '../../events/registry.ts';
import { specSchema } from '../../events/spec.ts';

function makeAjv() {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true });
  ajv.addFormat('date-time', (text) => !Number.isNaN(Date.parse(text)));
  return ajv.addFormat('uri-reference', (text) => URL.canParse(text, 'http://localhost'));
}

for (const definition of CATALOGUE) {
  const { type, example } = definition;

  test(`the example of ${type} is valid by its JSON Schema, and a field more is not`, () => {
    const validate = makeAjv().compile(dataSchemaOf(definition));
    assert.ok(validate(JSON.parse(JSON.stringify(example))), JSON.stringify(validate.errors));
    assert.ok(!validate({ ...(example as object), surplus: 1 }));
    assert.ok(!validate('text'));
  });

  test(`an event of ${type} as it travels is valid by the JSON Schema of the whole event`, () => {
    const validate = makeAjv().compile(eventSchemaOf(definition));
    const extensions = Object.fromEntries(Object.keys(definition.extensions).map((name) => [name, 'x']));
    const event = makeEvent(definition, { source: '/s', id: 'i', subject: 'x', data: example as never, extensions });
    const travelling: Record<string, unknown> = JSON.parse(writeStructured(toEnvelope(event)).body.toString());
    assert.ok(validate(travelling), JSON.stringify(validate.errors));
    assert.ok(!validate({ ...travelling, type: 'other' }));
    const { id: _id, ...anonymous } = travelling;
    assert.ok(!validate(anonymous));
  });
}

test('the schema of the spec takes what a sender may write: defaults may be left out', () => {
  const validate = makeAjv().compile(jsonSchemaOf(specSchema));
  assert.ok(validate({}), JSON.stringify(validate.errors));
  assert.ok(validate({ dataset: { dims: 3 }, training: { batchSize: 'full' } }));
  for (const wrong of [
    { dataset: { dims: 1 } },
    { models: [] },
    { name: '<b>' },
    { training: { batchSize: 'half' } },
  ]) {
    assert.equal(validate(wrong), false, JSON.stringify(wrong));
    assert.equal(specSchema.safeParse(wrong).success, false);
  }
});
