import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { writeBinary } from '../../../events/envelope.ts';
import { coldStart } from '../../../scripts/cold-start.ts';
import { ENTRIES } from '../../support/functions.ts';
import { makeFolder } from '../../support/manifests.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PROBES = ['/healthz', '/readyz', '/health/liveness', '/health/readiness'];

/** A request that the server has read the headers of, and waits for the body of. */
async function beginPost(url: string): Promise<{ outgoing: ClientRequest; body: Buffer }> {
  const { headers, body } = writeBinary({
    attributes: { specversion: '1.0', id: '1', source: '/test', type: 'of.no.interest' },
    body: Buffer.from('{}'),
  });
  const outgoing = request(url, { method: 'POST', headers: { ...headers, expect: '100-continue' } });
  outgoing.flushHeaders();
  await once(outgoing, 'continue');
  return { outgoing, body };
}

async function isListening(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

describe('a function as a process', { concurrency: 2 }, () => {
  for (const entry of ENTRIES) {
    test(`${entry} listens on PORT, takes an empty K_CE_OVERRIDES, is probed; after SIGTERM it answers what it has begun, takes nothing new, and ends with 0`, async () => {
      await using folder = await makeFolder();
      const env = {
        PATH: process.env.PATH,
        XORFLOW_STORE: `embedded:${folder.path}`,
        K_SINK: 'http://127.0.0.1:9/',
        K_CE_OVERRIDES: '',
        LOG_LEVEL: 'silent',
        KF_PIPELINES_ENDPOINT: 'http://127.0.0.1:9/',
      };
      const { url, end } = await coldStart([process.execPath, entry], { cwd: ROOT, env });
      for (const path of PROBES) assert.equal((await fetch(url + path)).status, 200, path);
      const { outgoing, body } = await beginPost(url);
      const ended = end('SIGTERM');
      while (await isListening(`${url}/readyz`)) await sleep(5);
      const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
      outgoing.end(body);
      const [response] = await answered;
      response.resume();
      assert.equal(response.statusCode, 204);
      assert.equal(await ended, 0);
    });
  }
});
