/** Points that go through the network together: their activations stay in the processor's cache. */
export const BLOCK: u32 = 128;
/** From the values of one unit (or coordinate) in a block to those of the next, in bytes. */
export const ROW: usize = 512;

/** The first free byte; nothing is ever freed, as a training has a memory of its own. */
let top: usize = (__heap_base + 63) & ~63;

/** Takes so many bytes, all zero, at the beginning of a cache line. */
export function take(bytes: usize): usize {
  const from = top;
  top = (top + bytes + 63) & ~63;
  const pages = <i32>((top + 0xffff) >>> 16);
  const more = pages - memory.size();
  if (more > 0 && memory.grow(more) < 0) unreachable();
  return from;
}
