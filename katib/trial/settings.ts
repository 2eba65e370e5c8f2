import { XorflowError } from '../../events/errors.ts';
import { experimentIdSchema } from '../../events/ids.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Where the metric lines of a trial are read: from the gateway, or from the logs of the pods that train. */
export type LinesSource = { readonly from: 'gateway' } | ({ readonly from: 'pods' } & PodsSettings);

/** Which pods train. */
export interface PodsSettings {
  readonly selector: string;
  readonly container: string;
  /** Without it, the namespace of the pod of the trial. */
  readonly namespace?: string;
}

/** What the container of a trial is configured with, but for the trial itself. */
export interface TrialSettings {
  readonly name: string;
  readonly gateway: string;
  readonly lines: LinesSource;
  /** Seconds to wait for Katib's collector at the end; 0 where there is none. */
  readonly collectorSeconds: number;
}

const COLLECTOR_SECONDS = 120;

/** The labels and the container that knative/base gives the function `train`. */
const TRAIN = { selector: 'app.kubernetes.io/name=train', container: 'function' };

const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Reads the environment of a trial's container.
 *
 * `KATIB_TRIAL_NAME` is set by Katib, `XORFLOW_GATEWAY` is the URL of the gateway. `XORFLOW_LINES` is `gateway` or
 * `pods`; for pods, `XORFLOW_TRAIN_SELECTOR` is their label selector, `XORFLOW_TRAIN_NAMESPACE` where they are,
 * `XORFLOW_TRAIN_CONTAINER` which of their containers prints. `XORFLOW_COLLECTOR_SECONDS` bounds the wait for Katib's
 * collector.
 *
 * @throws XorflowError `INVALID_ARGUMENT` naming the variable, its value and what is allowed
 */
export function readTrialSettings(env: Env): TrialSettings {
  return {
    name: nameOf(env),
    gateway: gatewayOf(env),
    lines: linesOf(env),
    collectorSeconds: collectorSecondsOf(env),
  };
}

/** How long the end of a trial waits for Katib's collector. @throws XorflowError `INVALID_ARGUMENT` */
export function collectorSecondsOf(env: Env): number {
  const text = env.XORFLOW_COLLECTOR_SECONDS || String(COLLECTOR_SECONDS);
  if (/^\d{1,4}$/.test(text) && Number(text) <= 3600) return Number(text);
  throw wrong('XORFLOW_COLLECTOR_SECONDS', text, 'an integer from 0 to 3600');
}

function nameOf(env: Env): string {
  const name = env.KATIB_TRIAL_NAME;
  if (!name) throw missing('KATIB_TRIAL_NAME', 'the name of the trial, which Katib sets');
  if (experimentIdSchema.safeParse(name).success) return name;
  throw wrong('KATIB_TRIAL_NAME', name, 'the name of a Kubernetes object, of at most 63 characters');
}

function gatewayOf(env: Env): string {
  const rule = 'a URL such as http://gateway.xorflow.svc.cluster.local';
  const text = env.XORFLOW_GATEWAY;
  if (!text) throw missing('XORFLOW_GATEWAY', rule);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.search + url.hash + url.username === '') {
    return text.replace(/\/+$/, '');
  }
  throw wrong('XORFLOW_GATEWAY', text, rule);
}

function linesOf(env: Env): LinesSource {
  const from = env.XORFLOW_LINES || 'gateway';
  if (from === 'gateway') return { from };
  if (from !== 'pods') throw wrong('XORFLOW_LINES', from, 'gateway or pods');
  const container = env.XORFLOW_TRAIN_CONTAINER || TRAIN.container;
  if (!DNS_LABEL.test(container)) throw wrong('XORFLOW_TRAIN_CONTAINER', container, 'the name of a container');
  const namespace = env.XORFLOW_TRAIN_NAMESPACE;
  if (namespace && !DNS_LABEL.test(namespace)) {
    throw wrong('XORFLOW_TRAIN_NAMESPACE', namespace, 'the name of a namespace');
  }
  return { from, selector: env.XORFLOW_TRAIN_SELECTOR || TRAIN.selector, container, ...(namespace && { namespace }) };
}

function missing(name: string, rule: string): XorflowError {
  return new XorflowError('INVALID_ARGUMENT', `Missing ${name}: expected ${rule}`);
}

function wrong(name: string, value: string, rule: string): XorflowError {
  return new XorflowError('INVALID_ARGUMENT', `Wrong value ${JSON.stringify(value)} in ${name}: expected ${rule}`);
}
