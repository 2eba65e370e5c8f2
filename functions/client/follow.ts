import type { KnownEvent } from '../../events/registry.ts';
import { Dropped, makeBackoff, type Patience, readBody, send } from './http.ts';
import { type LoggedEvent, toLogged } from './logged.ts';
import { readEvents } from './sse.ts';

/** A stream that lived so long was a connection, not a server that hangs up on everybody. */
export const LIVED_MS = 1_000;

/**
 * Follows server-sent events of a gateway from a position on, over any number of connections; it ends with the signal
 * only, by throwing its reason, and with the errors of `send`.
 *
 * @param path of the stream
 * @param type of those that are wanted; the others are passed over unread
 */
export async function* followEvents(
  url: string,
  path: string,
  after: number,
  patience: Patience,
  signal: AbortSignal,
  type?: KnownEvent['type'],
): AsyncGenerator<LoggedEvent> {
  let position = after;
  const backoff = makeBackoff(url, patience.away);
  while (!signal.aborted) {
    let connectedAt = Number.POSITIVE_INFINITY;
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' };
      if (position > 0) headers['last-event-id'] = String(position);
      const { body } = await send(url, path, { headers, signal });
      connectedAt = performance.now();
      for await (const message of readEvents(readBody(body, patience.silence, signal))) {
        const next = Number(message.id);
        if (!Number.isInteger(next) || next <= position) continue;
        position = next;
        backoff.reset();
        if (type === undefined || message.event === type) yield toLogged(position, message.data);
      }
      throw new Dropped('its stream of events ended early');
    } catch (error) {
      if (performance.now() - connectedAt > LIVED_MS) backoff.reset();
      await backoff.pause(error, signal);
    }
  }
  signal.throwIfAborted();
}
