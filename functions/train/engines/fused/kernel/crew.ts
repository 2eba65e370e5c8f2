import { blocksOf, runChunk } from './pass';
import { CHUNKS, Plan, totalsOf } from './plan';

/** How often somebody looks again before sleeping: some ten microseconds, less than waking up takes. */
const PATIENCE: i32 = 4000;

/** What is left of a ticket when its pass has changed: the chunks that nobody has taken yet. */
const LEFT: i32 = 15;

/**
 * Runs all chunks of the pass that is set in the plan, and adds their totals in order. Helpers, if there are any, take
 * chunks as well; who ran a chunk does not change its sums.
 */
export function run(plan: Plan): u32 {
  const chunks = min(CHUNKS, blocksOf(plan.passSize));
  plan.chunks = chunks;
  if (plan.helpers == 0) {
    for (let chunk: u32 = 0; chunk < chunks; chunk++) runChunk(plan, chunk, plan.scratch);
  } else {
    atomic.store<i32>(plan.doneAt, 0);
    // Another number than ever before, so that a helper that looked at the last pass takes nothing of this one unseen.
    atomic.store<i32>(plan.ticketAt, ((atomic.load<i32>(plan.ticketAt) | LEFT) + 1) | <i32>chunks);
    atomic.notify(plan.ticketAt, plan.helpers);
    for (let chunk = claim(plan); chunk >= 0; chunk = claim(plan)) {
      runChunk(plan, chunk, plan.scratch);
      atomic.add<i32>(plan.doneAt, 1);
    }
    awaitAll(plan, chunks);
  }
  plan.loss = 0;
  plan.right = 0;
  for (let chunk: u32 = 0; chunk < chunks; chunk++) {
    const totals = totalsOf(plan, chunk);
    plan.loss += totals.loss;
    plan.right += totals.right;
  }
  return chunks;
}

/** A chunk that is the caller's from now on, or -1 where all are taken. */
function claim(plan: Plan): i32 {
  for (;;) {
    const ticket = atomic.load<i32>(plan.ticketAt);
    const left = ticket & LEFT;
    if (left == 0) return -1;
    if (atomic.cmpxchg<i32>(plan.ticketAt, ticket, ticket - 1) == ticket) return left - 1;
  }
  return -1;
}

function awaitAll(plan: Plan, chunks: i32): void {
  for (let tries = 0; tries < PATIENCE; tries++) {
    if (atomic.load<i32>(plan.doneAt) == chunks) return;
  }
  for (;;) {
    const done = atomic.load<i32>(plan.doneAt);
    if (done == chunks) return;
    atomic.wait<i32>(plan.doneAt, done, -1);
  }
}

/** What a helper's thread does until it is dismissed; `place` is its number, from 1. */
export function help(address: usize, place: u32): void {
  const plan = changetype<Plan>(address);
  const scratch = plan.scratch + <usize>place * plan.scratchBytes;
  let tries = 0;
  while (atomic.load<i32>(plan.dismissedAt) == 0) {
    const ticket = atomic.load<i32>(plan.ticketAt);
    const chunk = claim(plan);
    if (chunk >= 0) {
      runChunk(plan, chunk, scratch);
      atomic.add<i32>(plan.helpedAt, 1);
      atomic.add<i32>(plan.doneAt, 1);
      atomic.notify(plan.doneAt, 1);
      tries = 0;
    } else if (++tries > PATIENCE) {
      // Does not wait where there is a new ticket since.
      if ((ticket & LEFT) == 0) atomic.wait<i32>(plan.ticketAt, ticket, -1);
      tries = 0;
    }
  }
}

/** Sends the helpers home. */
export function dismissAll(plan: Plan): void {
  atomic.store<i32>(plan.dismissedAt, 1);
  // A ticket of nothing: whoever is about to wait for the old one does not.
  atomic.store<i32>(plan.ticketAt, (atomic.load<i32>(plan.ticketAt) | LEFT) + 1);
  atomic.notify(plan.ticketAt, plan.helpers);
}
