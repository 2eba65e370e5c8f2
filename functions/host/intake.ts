import { type EnvelopeMessage, readEnvelope } from '../../events/envelope.ts';
import type { Answer, makeAnswerer } from './answer.ts';
import { MAX_BODY_BYTES } from './body.ts';

/** Where a broker of the same process hands over its events, without a connection. */
export interface Intake {
  /** Answers a request as the function's server does: `POST /` with these headers, in lower case, and this body. */
  take(message: EnvelopeMessage): Promise<Answer>;
  /** Resolves once nothing that was taken is in work, or {@link abandon} was called. */
  over(): Promise<void>;
  /** What is still in work is waited for no longer. */
  abandon(): void;
}

export function makeIntake(answer: ReturnType<typeof makeAnswerer>): Intake {
  const inWork = new Set<Promise<unknown>>();
  const abandoned = Promise.withResolvers<void>();
  return {
    async take({ headers, body }) {
      if (body.length > MAX_BODY_BYTES) return { status: 413 };
      const answering = answer(() => readEnvelope(headers, body));
      inWork.add(answering);
      try {
        return await answering;
      } finally {
        inWork.delete(answering);
      }
    },
    async over() {
      while (inWork.size > 0) {
        const isOver = Promise.allSettled(inWork).then(() => 'over');
        if ((await Promise.race([isOver, abandoned.promise])) !== 'over') return;
      }
    },
    abandon: () => abandoned.resolve(),
  };
}
