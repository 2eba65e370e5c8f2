/** One who waits for a place. */
export interface Entrant {
  /** Called at once or when a place is free, in the order of arrival. */
  admit(): void;
  /** Called instead, when nobody is admitted any more. */
  refuse(): void;
}

/** Bounds how many requests a function gets at once, as queue-proxy does; holds all of them while the function is not ready. */
export class Breaker {
  readonly #limit: number;
  readonly #depth: number;
  readonly #waiting = new Set<Entrant>();
  #running = 0;
  #isOpen = false;

  /**
   * @param limit `containerConcurrency`; 0 is no limit
   * @param depth how many may wait
   */
  constructor(limit: number, depth: number) {
    this.#limit = limit === 0 ? Number.POSITIVE_INFINITY : limit;
    this.#depth = depth;
  }

  /** Admits or queues; false when the queue is full. */
  enter(entrant: Entrant): boolean {
    if (this.#waiting.size === 0 && this.#hasPlace()) {
      this.#running++;
      entrant.admit();
      return true;
    }
    if (this.#waiting.size >= this.#depth) return false;
    this.#waiting.add(entrant);
    return true;
  }

  /** Gives up waiting; false when it had been admitted and must {@link leave} instead. */
  cancel(entrant: Entrant): boolean {
    return this.#waiting.delete(entrant);
  }

  leave(): void {
    this.#running--;
    this.#admitWaiting();
  }

  /** The function is ready: whoever waits may go on. */
  open(): void {
    this.#isOpen = true;
    this.#admitWaiting();
  }

  /** The function is not ready: whoever comes waits. */
  pause(): void {
    this.#isOpen = false;
  }

  /** Sends away those who wait. */
  refuseWaiting(): void {
    const refused = [...this.#waiting];
    this.#waiting.clear();
    for (const entrant of refused) entrant.refuse();
  }

  #hasPlace(): boolean {
    return this.#isOpen && this.#running < this.#limit;
  }

  #admitWaiting(): void {
    for (const entrant of this.#waiting) {
      if (!this.#hasPlace()) return;
      this.#waiting.delete(entrant);
      this.#running++;
      entrant.admit();
    }
  }
}
