import type { Readable } from 'node:stream';

const utf8 = new TextDecoder();

/** All bytes of a body. Not with `node:stream/consumers`, which takes them through a Blob. */
export function bytesOf(body: Readable): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (body.errored) return reject(body.errored);
    const chunks: Uint8Array[] = [];
    body
      .on('data', (chunk: Uint8Array) => chunks.push(chunk))
      .on('end', () => resolve(Buffer.concat(chunks)))
      .on('error', reject);
  });
}

/** All of a body as text; of a byte order mark nothing is left. */
export async function textOf(body: Readable): Promise<string> {
  return utf8.decode(await bytesOf(body));
}
