import { Interrupted } from './exit.ts';

/** A terminal's Ctrl-C reaches us directly, through npm and through the process that started us: one press. */
const ONE_PRESS_MS = 400;
/** By then whoever holds us up is not going to finish. */
const PATIENCE_MS = 1_500;

/** What an interruption leaves behind, and how it is told. */
export interface Interruption {
  /** Aborted by the first Ctrl-C (or SIGTERM, SIGHUP). */
  readonly signal: AbortSignal;
  /** Says what becomes of the work that is under way, for who interrupts it; undefined where there is none. */
  leave(hint: string | undefined): void;
  /** Tells of the interruption, once. */
  tell(): void;
}

/**
 * Listens for the signals that end us. The second one ends the process at once, and so does a second and a half in
 * which it does not end by itself.
 */
export function makeInterruption(): Interruption {
  const controller = new AbortController();
  let pressedAt = 0;
  let hint: string | undefined;
  let isTold = false;
  const tell = () => {
    if (!isTold) process.stderr.write(`\nxorflow: interrupted${hint === undefined ? '' : `; ${hint}`}\n`);
    isTold = true;
  };
  const end = (code: number) => {
    // What was to be ended by Ctrl-C has its exit code by now.
    if (process.exitCode === undefined) tell();
    process.exit(process.exitCode ?? code);
  };
  const press = (signal: NodeJS.Signals) => {
    const interrupted = new Interrupted(signal);
    if (pressedAt === 0) {
      pressedAt = performance.now();
      controller.abort(interrupted);
      setTimeout(() => end(interrupted.exitCode), PATIENCE_MS).unref();
    } else if (performance.now() - pressedAt > ONE_PRESS_MS) {
      tell();
      process.exit(interrupted.exitCode);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, press);
  const leave = (text: string | undefined) => {
    hint = text;
  };
  return { signal: controller.signal, leave, tell };
}
