import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { postEvent } from '../../../functions/host/sink.ts';
import { exampleOf } from '../../support/functions.ts';
import { makeFolder } from '../../support/manifests.ts';

test('where there is a token for the sink, each event carries the one that is there now; else it carries none', async () => {
  await using folder = await makeFolder();
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    request.resume().on('end', () => response.writeHead(202).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const tokenFile = join(folder.path, 'token');
  const event = exampleOf('model.trained');
  try {
    await postEvent(url, event, { tokenFile });
    await writeFile(tokenFile, 'first\n');
    await postEvent(url, event, { tokenFile });
    await writeFile(tokenFile, 'second');
    await postEvent(url, event, { tokenFile });
    await postEvent(url, event);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  assert.deepEqual(seen, [undefined, 'Bearer first', 'Bearer second', undefined]);
});
