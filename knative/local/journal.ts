import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import type { Envelope } from '../../events/envelope.ts';
import { TransientError, toError, XorflowError } from '../../events/errors.ts';
import { openDatabase } from '../../functions/store/embedded/database.ts';

/** An accepted event: what came in, and the HTTP headers that travel with it. */
export interface JournaledEvent extends Envelope {
  readonly headers: Readonly<Record<string, string>>;
}

/** One event that one Trigger still has to get. */
export interface PendingDelivery {
  readonly event: number;
  /** `namespace/name` of the Trigger. */
  readonly trigger: string;
}

interface Commit {
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const FORMAT = { format: 'xorflow-broker-journal', version: 1 };
const EVENT = 1;
const DELIVERY = 2;
// How long a finished delivery may wait for company before it is forgotten on disk. A crash before that delivers it again.
const FORGET_AFTER_MS = 20;
// On a full disk even forgetting may fail, until somebody else makes room.
const FORGET_AGAIN_AFTER_MS = 1000;

/**
 * What the broker has promised: accepted events and their unfinished deliveries, on disk. An accepted event is flushed before
 * anybody is told; commits of one turn of the event loop share one flush.
 */
export class Journal {
  readonly #db: RootDatabase;
  readonly #file: string;
  readonly #left = new Map<number, Set<string>>();
  #commits: Commit[] = [];
  #forgotten: PendingDelivery[] = [];
  #timer: NodeJS.Timeout | undefined;
  #last = 0;

  /** @throws XorflowError `STORE_UNAVAILABLE` if the folder holds something else or is damaged; nothing is overwritten. */
  constructor(folder: string) {
    this.#file = join(folder, 'journal.mdb');
    try {
      mkdirSync(folder, { recursive: true });
      this.#db = openDatabase(this.#file);
    } catch (error) {
      throw this.#damaged(toError(error).message, error);
    }
    this.#load();
  }

  /** The deliveries that are not finished, in the order their events came. */
  pending(): PendingDelivery[] {
    return [...this.#left].flatMap(([event, triggers]) => [...triggers].map((trigger) => ({ event, trigger })));
  }

  /**
   * Puts an event and its deliveries on disk, at once with forgetting the delivery that it is the answer to.
   * @throws TransientError `STORE_UNAVAILABLE`, for example with a full disk; then nothing of it is kept.
   */
  async append(
    event: JournaledEvent,
    triggers: readonly string[],
    answers?: PendingDelivery,
  ): Promise<PendingDelivery[]> {
    const number = ++this.#last;
    await new Promise<void>((resolve, reject) => {
      if (this.#commits.length === 0) setImmediate(() => this.#flush());
      const write = () => {
        this.#db.putSync([EVENT, number], event);
        for (const trigger of triggers) this.#db.putSync([DELIVERY, number, trigger], true);
        if (answers !== undefined) this.#remove(answers);
      };
      this.#commits.push({ write, resolve, reject });
    });
    this.#left.set(number, new Set(triggers));
    if (answers !== undefined) this.#settle(answers);
    return triggers.map((trigger) => ({ event: number, trigger }));
  }

  /** The event of an unfinished delivery. */
  read(delivery: PendingDelivery): JournaledEvent {
    const event: unknown = this.#db.get([EVENT, delivery.event]);
    if (!isEvent(event)) throw this.#damaged(`event ${delivery.event} is missing or unreadable`);
    return event;
  }

  /** Forgets a delivery that needs no more attempts. */
  finish(delivery: PendingDelivery): void {
    if (!this.#left.get(delivery.event)?.has(delivery.trigger)) return;
    this.#forgotten.push(delivery);
    this.#timer ??= setTimeout(() => this.#flush(), FORGET_AFTER_MS);
  }

  /** Writes what is left to write. What was not finished stays for the next start. */
  async close(): Promise<void> {
    this.#flush();
    clearTimeout(this.#timer);
    await this.#db.close();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const commits = this.#commits.splice(0);
    const forgotten = this.#forgotten.splice(0);
    if (commits.length + forgotten.length === 0) return;
    try {
      this.#db.transactionSync(() => {
        for (const delivery of forgotten) this.#remove(delivery);
        for (const { write } of commits) write();
      });
    } catch (error) {
      const message = `Failed write to ${this.#file}: expected room on the disk (${toError(error).message})`;
      for (const { reject } of commits) reject(new TransientError('STORE_UNAVAILABLE', message, { cause: error }));
      this.#forgotten.unshift(...forgotten);
      // By itself: room comes of forgetting alone, and new events must not keep it from happening.
      if (commits.length > 0) this.#flush();
      else this.#timer = setTimeout(() => this.#flush(), FORGET_AGAIN_AFTER_MS);
      return;
    }
    for (const delivery of forgotten) this.#settle(delivery);
    for (const { resolve } of commits) resolve();
  }

  #remove({ event, trigger }: PendingDelivery): void {
    this.#db.removeSync([DELIVERY, event, trigger]);
    const [rest] = this.#db.getKeys({ start: [DELIVERY, event], end: [DELIVERY, event + 1], limit: 1 });
    if (rest === undefined) this.#db.removeSync([EVENT, event]);
  }

  #settle({ event, trigger }: PendingDelivery): void {
    const left = this.#left.get(event);
    left?.delete(trigger);
    if (left?.size === 0) this.#left.delete(event);
  }

  #load(): void {
    const meta: unknown = this.#db.get('format');
    const [first] = this.#db.getKeys({ limit: 1 });
    if (meta === undefined && first === undefined) {
      this.#db.putSync('format', FORMAT);
      return;
    }
    if (JSON.stringify(meta) !== JSON.stringify(FORMAT)) throw this.#damaged('another program or version wrote it');
    for (const key of this.#db.getKeys({ start: [EVENT], end: [DELIVERY + 1] })) {
      const [kind, event, trigger] = Array.isArray(key) ? key : [];
      if (typeof event !== 'number') throw this.#damaged(`unknown key ${JSON.stringify(key)}`);
      this.#last = Math.max(this.#last, event);
      if (kind === EVENT) this.#left.set(event, new Set());
      else if (kind === DELIVERY && typeof trigger === 'string' && this.#left.has(event))
        this.#left.get(event)?.add(trigger);
      else throw this.#damaged(`unknown key ${JSON.stringify(key)}`);
    }
    for (const delivery of this.pending()) this.read(delivery);
  }

  #damaged(reason: string, cause?: unknown): XorflowError {
    const message = `Unusable journal ${this.#file}: expected one that this broker wrote, move it away to start empty (${reason})`;
    return new XorflowError('STORE_UNAVAILABLE', message, { cause });
  }
}

function isEvent(value: unknown): value is JournaledEvent {
  if (typeof value !== 'object' || value === null) return false;
  const { attributes, headers, body } = value as Partial<JournaledEvent>;
  return typeof attributes === 'object' && typeof headers === 'object' && Buffer.isBuffer(body);
}
