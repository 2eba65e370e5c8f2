/** The program of a trial's Job, `node katib/trial.ts`: what to try is in its environment, its metrics go to stdout. */
import { makeEvent } from '../events/define.ts';
import { trialRequested } from '../events/registry.ts';
import { makeTrialsClient } from '../functions/client/trials.ts';
import { awaitCollector } from './trial/collector.ts';
import { exitCodeOf, Stopped, tell, warn } from './trial/end.ts';
import { readGatewayLines } from './trial/gateway-lines.ts';
import { makeLinePrinter } from './trial/lines.ts';
import { requestOf } from './trial/request.ts';
import { type ReadLines, runTrial } from './trial/run.ts';
import { collectorSecondsOf, type PodsSettings, readTrialSettings } from './trial/settings.ts';

const SOURCE = '/xorflow/katib';

/** A gateway may be moved to another node in the meantime. */
const PATIENCE = { silence: 120_000, away: 180_000 };

const { env } = process;
const stop = new AbortController();

async function main(): Promise<void> {
  const { name, gateway, lines } = readTrialSettings(env);
  const data = requestOf(env);
  const { experiment, objective, deadlineMs } = data;
  // One trial, one event: a pod that is started again does not train again.
  const event = makeEvent(trialRequested, {
    source: SOURCE,
    id: name,
    subject: name,
    extensions: { experiment },
    data,
  });
  const client = makeTrialsClient(gateway, PATIENCE);
  await runTrial(event, {
    client,
    readLines: lines.from === 'gateway' ? readGatewayLines(client) : await loadPodLines(lines),
    printer: makeLinePrinter(name, objective.metric, (text) => void process.stdout.write(text)),
    signal: AbortSignal.any([stop.signal, deadline(name, deadlineMs)]),
    warn,
  });
}

/** Loaded where it is wanted: what talks to Kubernetes takes longer to load than many trials. */
async function loadPodLines(settings: PodsSettings): Promise<ReadLines> {
  return (await import('./trial/pod-lines.ts')).readPodLines(settings);
}

/** Counted from the start of this process; before the Job's own, which tells nobody why. */
function deadline(name: string, ms: number): AbortSignal {
  const late = new AbortController();
  const error = new Error(`Trial ${name} is not over within ${ms / 1000} s`);
  setTimeout(() => late.abort(error), Math.max(0, ms - performance.now())).unref();
  return late.signal;
}

/** Katib's collector, where it is to be waited for. */
function findCollector(): { seen: Promise<void>; seconds: number } | undefined {
  try {
    const seconds = collectorSecondsOf(env);
    const trial = env.KATIB_TRIAL_NAME;
    if (!trial || seconds === 0) return undefined;
    const seen = awaitCollector(trial, stop.signal);
    seen.catch(() => undefined);
    return { seen, seconds };
  } catch {
    // main tells of the wrong value.
    return undefined;
  }
}

/** A failed trial waits too: the collector is who shows what it has said. @throws Stopped */
async function outliveCollector(collector: ReturnType<typeof findCollector>): Promise<void> {
  if (!collector || stop.signal.aborted) return;
  const { seen, seconds } = collector;
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    warn(`No collector of Katib was seen within ${seconds} s: XORFLOW_COLLECTOR_SECONDS is how long it is waited for`);
    resolve();
  }, seconds * 1000);
  await Promise.race([seen, late]).finally(() => clearTimeout(timer));
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort(new Stopped(signal)));
process.on('uncaughtException', (error) => {
  tell(error, env);
  process.exit(1);
});

const collector = findCollector();
let code = 0;
try {
  await main();
} catch (error) {
  tell(error, env);
  code = exitCodeOf(error);
}
await outliveCollector(collector).catch((error: unknown) => {
  code = exitCodeOf(error);
});
process.exit(code);
