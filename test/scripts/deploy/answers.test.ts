import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Call, refusalOf, type Status, statusOf, whyNoAnswer } from '../../../scripts/deploy/answers.ts';
import { exitCodeOf } from '../../../scripts/exit.ts';

const CALL: Call = {
  method: 'PATCH',
  verb: 'patch',
  path: '/apis/eventing.knative.dev/v1/namespaces/xorflow/brokers/default',
  resource: 'brokers.eventing.knative.dev',
  title: 'Broker default',
  namespace: 'xorflow',
};

const conflict = (manager: string, field: string) => ({
  reason: 'FieldManagerConflict',
  message: `conflict with "${manager}" using v1`,
  field,
});

const ANSWERS: readonly (readonly [string, number, Status, number, string])[] = [
  [
    'several managers of fields are named, each with its own',
    409,
    { details: { causes: [conflict('a', '.spec.x'), conflict('b', '.spec.y'), conflict('a', '.spec.z')] } },
    2,
    'Broker default in namespace xorflow is changed by others too: a manages spec.x, spec.z; b manages spec.y: --force-conflicts takes the fields over',
  ],
  [
    'what a webhook denies is told in its words, on one line',
    400,
    { message: 'admission webhook "w" denied the request:\n  no' },
    2,
    'The cluster refuses Broker default in namespace xorflow: admission webhook "w" denied the request: no',
  ],
  [
    'rights that nobody may grant without having them are told in the words of the API server',
    403,
    { message: 'roles "x" is forbidden: user "jane" is attempting to grant RBAC permissions not currently held' },
    3,
    'Forbidden in C: roles "x" is forbidden: user "jane" is attempting to grant RBAC permissions not currently held',
  ],
  [
    'a webhook that does not answer may answer later',
    500,
    { message: 'failed calling webhook "w": no endpoints available' },
    3,
    'The cluster of C cannot take Broker default in namespace xorflow now: failed calling webhook "w": no endpoints available',
  ],
  [
    'an answer without words is told by its number',
    418,
    {},
    3,
    'The cluster refuses to patch Broker default in namespace xorflow with 418: it answers 418',
  ],
  [
    'a conflict of another kind is told as it is',
    409,
    { message: 'the object has been modified' },
    3,
    'The cluster refuses Broker default in namespace xorflow: the object has been modified',
  ],
];

for (const [name, code, status, exitCode, message] of ANSWERS) {
  test(name, () => {
    const error = refusalOf(code, status, CALL, 'C');
    assert.deepEqual([error.message, exitCodeOf(error)], [message, exitCode]);
  });
}

test('an answer that is no object has no words', () => {
  assert.deepEqual([statusOf('text'), statusOf(null)], [{}, {}]);
});

test('a connection that fails is told by what can be done about it', () => {
  const failed = (code: string) => new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) });
  assert.match(whyNoAnswer(failed('ECONNREFUSED')), /^nobody listens there/);
  assert.match(whyNoAnswer(failed('ENOTFOUND')), /^no host has this name: is the network or VPN up\?$/);
  assert.match(whyNoAnswer(failed('UND_ERR_CONNECT_TIMEOUT')), /^it does not answer in time$/);
  assert.match(whyNoAnswer(failed('SELF_SIGNED_CERT_IN_CHAIN')), /^its certificate is not trusted \(SELF_SIGNED/);
  assert.match(whyNoAnswer(failed('ERR_SSL_WRONG_VERSION_NUMBER')), /^it does not speak the protocol of its address/);
  assert.equal(whyNoAnswer(failed('EWEIRD')), 'EWEIRD: x');
  assert.deepEqual([whyNoAnswer('plain'), whyNoAnswer(new Error(''))], ['plain', 'nobody says why']);
});
