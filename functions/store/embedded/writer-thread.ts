import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type { RootDatabase } from 'lmdb';
import { commit, type FromWriter, type ToWriter, type WriterData } from './commit.ts';
import { openDatabase } from './database.ts';
import { wholly } from './whole.ts';

/**
 * In the entry of a `Writer`'s thread: writes what it is told.
 *
 * @param open gives what writes one request
 */
export function serveWrites<Request, Result>(open: (root: RootDatabase) => (request: Request) => Result): void {
  const port = parentPort;
  if (isMainThread || !port) return;
  const { file, state } = workerData as WriterData;
  const tell = (message: FromWriter<Result>) => port.postMessage(message);
  const { root, write } = wholly(state, () => {
    const root = openDatabase(file);
    return { root, write: open(root) };
  });
  port.on('message', (message: ToWriter<Request>) => {
    if (message.type === 'close') void root.close().finally(() => port.close());
    else tell({ type: 'written', outcomes: wholly(state, () => commit(root, write, message.requests)) });
  });
  tell({ type: 'ready' });
}
