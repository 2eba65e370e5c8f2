/** What is measured: somebody doing something, again and again. */
export interface Measurement {
  readonly part: string;
  readonly what: string;
  readonly who: string;
  /** Milliseconds, in the order of measuring; the first is of a process that has done nothing before. */
  readonly first: number;
  readonly samples: readonly number[];
  /** What came of it, for people. */
  readonly outcome: string;
}

/** One run's time, and what came of it. */
export interface Sample {
  readonly ms: number;
  readonly outcome: string;
}

/** Somebody who can be measured, as often as asked. */
export interface Contestant {
  readonly who: string;
  run(): Promise<Sample>;
}

/** Tells how far it is. */
export type Say = (text: string) => void;

/**
 * Measures all contestants side by side: each once, to load and to warm up, then `times` rounds, so that what else the
 * machine is doing meets all of them alike.
 */
export async function measure(
  { part, what }: { part: string; what: string },
  contestants: readonly Contestant[],
  times: number,
  say: Say,
): Promise<Measurement[]> {
  const all = contestants.map((contestant) => ({ contestant, samples: [] as number[], outcome: '' }));
  for (let round = 0; round <= times; round++) {
    for (const one of all) {
      say(`${part} ${what}: ${round === 0 ? 'first run' : `round ${round} of ${times}`}, ${one.contestant.who}`);
      const { ms, outcome } = await one.contestant.run();
      one.samples.push(ms);
      one.outcome = outcome;
    }
  }
  return all.map(({ contestant, samples, outcome }) => {
    const [first = Number.NaN, ...rest] = samples;
    return { part, what, who: contestant.who, first, samples: rest, outcome };
  });
}

export function medianOf(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}
