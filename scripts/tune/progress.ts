import type { JudgedTrial } from '../../katib/local/judge.ts';
import type { Plan } from '../../katib/local/plan.ts';
import { barOf, type Screen } from '../progress.ts';
import { printable } from '../table.ts';

/** Shows how far a search is: on a terminal one line that changes, elsewhere a line per trial. */
export interface TrialProgress extends Disposable {
  start(recorded: number): void;
  trial(trial: JudgedTrial): void;
}

export function makeTrialProgress({ name, objective, limits }: Plan, screen: Screen): TrialProgress {
  let done = 0;
  let best: number | undefined;
  const sign = objective.type === 'maximize' ? 1 : -1;
  const write = (text: string) => {
    if (screen.isTTY) screen.write(`\r\u001b[2K${printable(text).slice(0, Math.max(20, (screen.columns ?? 80) - 1))}`);
    else screen.write(`${printable(text)}\n`);
  };
  return {
    start(recorded) {
      if (recorded === 0) return;
      const trials = `${recorded} trial${recorded === 1 ? '' : 's'}`;
      screen.write(`${name}: ${trials} on record\n`);
    },
    trial(trial) {
      done++;
      const { value, status, reason } = trial;
      if (value !== undefined && (best === undefined || sign * value > sign * best)) best = value;
      const bestText = best === undefined ? '' : `, best ${best}`;
      if (screen.isTTY) {
        write(`${barOf(done / limits.maxTrialCount)} ${done} of ${limits.maxTrialCount} trials${bestText}`);
        return;
      }
      const result = value === undefined ? (reason ?? '') : `${objective.metric} ${value}${bestText}`;
      write(`${done} of ${limits.maxTrialCount}: ${trial.name} ${status}: ${result}`);
    },
    [Symbol.dispose]() {
      if (screen.isTTY) screen.write('\r\u001b[2K');
    },
  };
}
