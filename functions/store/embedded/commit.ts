import type { RootDatabase } from 'lmdb';
import { toError } from '../../../events/errors.ts';

/** What a writer's thread is made with. */
export interface WriterData {
  readonly file: string;
  /** Of `guardExit`. */
  readonly state: Int32Array;
}

/** What a writer's thread is told. */
export type ToWriter<Request> =
  | { readonly type: 'write'; readonly requests: readonly Request[] }
  | { readonly type: 'close' };

/** What a writer's thread tells. */
export type FromWriter<Result> =
  | { readonly type: 'ready' }
  | { readonly type: 'written'; readonly outcomes: Outcomes<Result> };

/** What became of each request, in their order. */
export type Outcomes<Result> = readonly ({ readonly result: Result } | { readonly error: Error })[];

/** Writes requests in one transaction, and so with one flush of the disk; where that fails, in one of its own each. */
export function commit<Request, Result>(
  root: RootDatabase,
  write: (request: Request) => Result,
  requests: readonly Request[],
): Outcomes<Result> {
  try {
    return root.transactionSync(() => requests.map((request) => ({ result: write(request) })));
  } catch (error) {
    if (requests.length === 1) return [{ error: toError(error) }];
    // One that is too large for the rest of the disk must not keep out others, and least of all one that makes room.
    return requests.flatMap((request) => commit(root, write, [request]));
  }
}
