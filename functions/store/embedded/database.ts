import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { open, type RootDatabase } from 'lmdb';

/**
 * Opens an LMDB file, made where there is none. It is to be written with `transactionSync`: the asynchronous commit of
 * lmdb ends the process when the disk is full.
 *
 * @throws Error when the file is truncated or not LMDB's: mapped into memory, it would take the whole process down
 */
export function openDatabase(file: string): RootDatabase {
  checkFile(file);
  return open({ path: file, noSubdir: true, overlappingSync: false });
}

function checkFile(file: string): void {
  if (!existsSync(file)) return;
  const [MAGIC, META_AT, PAGE_SIZE_AT, LAST_PAGE_AT] = [0xbeefc0de, 24, 48, 144];
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (size === 0) return;
    const head = Buffer.alloc(2 * 65_536);
    const length = readSync(descriptor, head, 0, head.length, 0);
    const pageSize = length < 512 ? 0 : head.readUInt32LE(PAGE_SIZE_AT);
    const isPageSize = pageSize >= 512 && pageSize <= 65_536 && Number.isInteger(Math.log2(pageSize));
    for (const page of [0, pageSize]) {
      if (!isPageSize || page + 512 > length || head.readUInt32LE(page + META_AT) !== MAGIC)
        throw new Error('no LMDB file');
      const lastPage = Number(head.readBigUInt64LE(page + LAST_PAGE_AT));
      if ((lastPage + 1) * pageSize > size) throw new Error(`truncated to ${size} bytes`);
    }
  } finally {
    closeSync(descriptor);
  }
}
