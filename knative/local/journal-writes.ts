import type { RootDatabase } from 'lmdb';
import type { Envelope } from '../../events/envelope.ts';

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

/** What the journal's thread is told to write. */
export type JournalWrite =
  | {
      readonly type: 'keep';
      readonly number: number;
      readonly event: Omit<JournaledEvent, 'body'> & { readonly body: Uint8Array };
      readonly triggers: readonly string[];
      readonly answers: PendingDelivery | undefined;
    }
  | { readonly type: 'forget'; readonly deliveries: readonly PendingDelivery[] };

/** First part of the key of an event: [EVENT, number]. */
export const EVENT = 1;
/** First part of the key of an unfinished delivery: [DELIVERY, number, Trigger]. */
export const DELIVERY = 2;

/** Writes to the journal's file; to be called in a transaction. */
export function writeJournal(db: RootDatabase, write: JournalWrite): void {
  if (write.type === 'forget') {
    for (const delivery of write.deliveries) remove(db, delivery);
    return;
  }
  const { number, event, triggers, answers } = write;
  const { buffer, byteOffset, byteLength } = event.body;
  db.putSync([EVENT, number], { ...event, body: Buffer.from(buffer, byteOffset, byteLength) });
  for (const trigger of triggers) db.putSync([DELIVERY, number, trigger], true);
  if (answers !== undefined) remove(db, answers);
}

/** Removes a delivery, and with the last one of an event the event. */
function remove(db: RootDatabase, { event, trigger }: PendingDelivery): void {
  db.removeSync([DELIVERY, event, trigger]);
  const [rest] = db.getKeys({ start: [DELIVERY, event], end: [DELIVERY, event + 1], limit: 1 });
  if (rest === undefined) db.removeSync([EVENT, event]);
}
