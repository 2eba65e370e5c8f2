import type { IncomingMessage } from 'node:http';

/** Larger than any event may be, so that what is refused is refused by its meaning. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** The whole body of a request; undefined when it is larger than `limit` bytes. */
export async function readBody(request: IncomingMessage, limit = MAX_BODY_BYTES): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
