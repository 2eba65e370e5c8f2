import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { TransientError, toError, XorflowError } from '../../events/errors.ts';
import { openDatabase } from '../../functions/store/embedded/database.ts';
import { Writer } from '../../functions/store/embedded/writer.ts';
import {
  DELIVERY,
  EVENT,
  type JournaledEvent,
  type JournalWrite,
  type PendingDelivery,
  writeJournal,
} from './journal-writes.ts';

export type { JournaledEvent, PendingDelivery } from './journal-writes.ts';

const FORMAT = { format: 'xorflow-broker-journal', version: 1 };
// How long a finished delivery may wait for company before it is forgotten on disk. A crash before that delivers it again.
const FORGET_AFTER_MS = 20;
// On a full disk even forgetting may fail, until somebody else makes room.
const FORGET_AGAIN_AFTER_MS = 1000;
// How many events are kept in memory beside the disk, and how large: most are delivered at once, and each delivery reads its event twice.
const MOST_AT_HAND = 64;
const LARGEST_AT_HAND = 64 * 1024;

/**
 * What the broker has promised: accepted events and their unfinished deliveries, on disk. An accepted event is flushed before
 * anybody is told, by a thread; what comes meanwhile shares the next flush.
 */
export class Journal {
  readonly #db: RootDatabase;
  readonly #file: string;
  readonly #writer: Writer<JournalWrite, void>;
  readonly #left = new Map<number, Set<string>>();
  readonly #atHand = new Map<number, JournaledEvent>();
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
    this.#writer = new Writer({
      file: this.#file,
      root: this.#db,
      write: writeJournal.bind(undefined, this.#db),
      entry: new URL('./journal-worker.ts', import.meta.url),
    });
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
    void this.#forget();
    const { attributes, headers, body } = event;
    // A copy: what else the memory of a buffer holds would go to the thread too.
    const copy = { attributes, headers, body: new Uint8Array(body) };
    try {
      await this.#writer.write({ type: 'keep', number, event: copy, triggers, answers });
    } catch (error) {
      if (error instanceof TransientError) throw error;
      const message = `Failed write to ${this.#file}: expected room on the disk (${toError(error).message})`;
      throw new TransientError('STORE_UNAVAILABLE', message, { cause: error });
    }
    this.#db.resetReadTxn();
    this.#left.set(number, new Set(triggers));
    if (this.#atHand.size < MOST_AT_HAND && body.length <= LARGEST_AT_HAND) this.#atHand.set(number, event);
    if (answers !== undefined) this.#settle(answers);
    return triggers.map((trigger) => ({ event: number, trigger }));
  }

  /** The event of an unfinished delivery. */
  read(delivery: PendingDelivery): JournaledEvent {
    const atHand = this.#atHand.get(delivery.event);
    if (atHand) return atHand;
    const event: unknown = this.#db.get([EVENT, delivery.event]);
    if (!isEvent(event)) throw this.#damaged(`event ${delivery.event} is missing or unreadable`);
    return event;
  }

  /** Forgets a delivery that needs no more attempts. */
  finish(delivery: PendingDelivery): void {
    if (!this.#left.get(delivery.event)?.has(delivery.trigger)) return;
    this.#forgotten.push(delivery);
    this.#timer ??= setTimeout(() => void this.#forget(), FORGET_AFTER_MS);
  }

  /** Writes what is left to write. What was not finished stays for the next start. */
  async close(): Promise<void> {
    const forgetting = this.#forget();
    await this.#writer.close();
    await forgetting;
    clearTimeout(this.#timer);
    await this.#db.close();
  }

  /** In one transaction with the events that come in the same turn: forgetting has no flush of its own then. */
  async #forget(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const deliveries = this.#forgotten.splice(0);
    if (deliveries.length === 0) return;
    try {
      await this.#writer.write({ type: 'forget', deliveries });
    } catch {
      this.#forgotten.unshift(...deliveries);
      this.#timer ??= setTimeout(() => void this.#forget(), FORGET_AGAIN_AFTER_MS);
      return;
    }
    for (const delivery of deliveries) this.#settle(delivery);
  }

  #settle({ event, trigger }: PendingDelivery): void {
    const left = this.#left.get(event);
    left?.delete(trigger);
    if (left?.size !== 0) return;
    this.#left.delete(event);
    this.#atHand.delete(event);
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
