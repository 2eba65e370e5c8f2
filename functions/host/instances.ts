import type { Deps } from './function.ts';

/** What a function keeps for each of its running instances, several of which may share a process. */
export interface Instances<T> {
  /** The instance's own, made when it is first asked for. */
  of(deps: Deps): T;
  /** Disposes of it, if it was ever made. */
  release(deps: Deps): Promise<void>;
}

export function perInstance<T extends AsyncDisposable>(make: (deps: Deps) => T): Instances<T> {
  // By the signal that ends an instance, which is its own however its deps are passed on.
  const made = new WeakMap<AbortSignal, T>();
  return {
    of(deps) {
      const kept = made.get(deps.draining) ?? make(deps);
      made.set(deps.draining, kept);
      return kept;
    },
    async release(deps) {
      const kept = made.get(deps.draining);
      made.delete(deps.draining);
      await kept?.[Symbol.asyncDispose]();
    },
  };
}
