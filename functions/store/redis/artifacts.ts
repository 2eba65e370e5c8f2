import { constants } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { RejectedError, TransientError } from '../../../events/errors.ts';
import { assertDigest, digestCalmly } from '../digest.ts';
import type { Artifacts } from '../port.ts';
import type { Connection } from './connection.ts';
import { KEY } from './keys.ts';

/** Redis serves nobody else while it takes or gives a piece: a millisecond. */
const PIECE = 2 ** 20;
/** What a killed process has half written is gone after this. */
const HALF_SECONDS = 600;

/** The size of an artifact that is there; whoever puts it again needs it again, and takes a time limit off. */
const KEEP = `
local size = redis.call('HGET', KEYS[1], 'size')
if size then redis.call('PERSIST', KEYS[1]) end
return size`;

const WRITE = `
redis.call('HSET', KEYS[1], 'size', ARGV[1], ARGV[2], ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])`;

/** Makes a written artifact visible, if Redis still has all of its pieces. */
const SHOW = `
if redis.call('HLEN', KEYS[1]) ~= tonumber(ARGV[1]) then return 0 end
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('PERSIST', KEYS[2])
return 1`;

/** Artifacts as hashes of pieces, written aside and renamed when they are whole. */
export function openArtifacts(connection: Connection, maxBytes: number): Artifacts {
  async function write(digest: string, bytes: Uint8Array): Promise<void> {
    const half = KEY.half(digest, randomUUID());
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const count = Math.max(1, Math.ceil(data.length / PIECE));
    for (let index = 0; index < count; index++) {
      const piece = data.subarray(index * PIECE, (index + 1) * PIECE);
      await connection.call('write', (client) => client.eval(WRITE, 1, half, data.length, index, piece, HALF_SECONDS));
    }
    const shown = await connection.call('write', (client) =>
      client.eval(SHOW, 2, half, KEY.artifact(digest), count + 1),
    );
    // It was restarted without what it had, or the answer to an earlier attempt got lost.
    if (shown === 0 && (await sizeOf(digest)) !== data.length) {
      throw new TransientError('STORE_UNAVAILABLE', `Cannot write the store ${connection.name}: it has lost a piece`);
    }
  }

  async function sizeOf(digest: string): Promise<number | undefined> {
    assertDigest(digest);
    const size = await connection.call('read', (client) => client.hget(KEY.artifact(digest), 'size'));
    return size === null ? undefined : Number(size);
  }

  /** The pieces in order, as far as the size goes. */
  async function* pieces(digest: string, size: number): AsyncGenerator<Buffer> {
    for (let index = 0, read = 0; read < size; index++) {
      const piece = await connection.call('read', (client) => client.hgetBuffer(KEY.artifact(digest), String(index)));
      read += piece?.length ?? 0;
      if (!piece?.length || read > size) throw corrupt(digest, 'pieces are missing');
      yield piece;
    }
  }

  return {
    async put(bytes, { mediaType, name }) {
      const size = bytes.byteLength;
      if (size > maxBytes) {
        throw new RejectedError(
          'TOO_LARGE',
          `Too large artifact ${JSON.stringify(name)} of ${size} bytes: expected at most ${maxBytes}, as XORFLOW_ARTIFACT_LIMIT says`,
        );
      }
      const digest = await digestCalmly(bytes);
      const known = await connection.call('write', (client) => client.eval(KEEP, 1, KEY.artifact(digest)));
      if (known === null || Number(known) !== size) await write(digest, bytes);
      return { digest, mediaType, size, name };
    },
    async get(digest) {
      const size = await sizeOf(digest);
      if (size === undefined) throw new RejectedError('NOT_FOUND', `No artifact ${digest} in the store`);
      if (!(size >= 0 && size <= constants.MAX_LENGTH)) throw corrupt(digest, `their number is ${size}`);
      // Of its own, so that it can be given away to a thread.
      const bytes = Buffer.allocUnsafeSlow(size);
      let at = 0;
      for await (const piece of pieces(digest, size)) at += piece.copy(bytes, at);
      if ((await digestCalmly(bytes)) !== digest) throw corrupt(digest, 'they have been changed');
      return bytes;
    },
    async open(digest) {
      const size = await sizeOf(digest);
      return size === undefined
        ? undefined
        : { size, stream: () => Readable.from(pieces(digest, size), { objectMode: false }) };
    },
  };
}

function corrupt(digest: string, reason: string): RejectedError {
  return new RejectedError('CORRUPT_ARTIFACT', `The bytes of artifact ${digest} do not match it: ${reason}`);
}
