import { parseDuration } from '../../events/duration.ts';
import { TransientError, XorflowError } from '../../events/errors.ts';
import { STORE_URLS, type StoreOptions } from '../store/open.ts';
import { readOverrides } from './sink.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** What a function's container is configured with. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly store: string;
  readonly storeOptions: StoreOptions;
  readonly sink: string | undefined;
  readonly overrides: Readonly<Record<string, string>>;
  readonly concurrency: number;
  readonly logLevel: string;
}

function integer(env: Env, name: string, fallback: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw wrong(env, name, `expected an integer from 0 to ${max}`);
  }
  return value;
}

function wrong(env: Env, name: string, rule: string): XorflowError {
  return new XorflowError('INVALID_ARGUMENT', `Wrong value ${JSON.stringify(env[name])} in ${name}: ${rule}`);
}

const UNITS: Readonly<Record<string, number>> = { '': 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

function storeOptions(env: Env): StoreOptions {
  const { XORFLOW_RETENTION: retention, XORFLOW_ARTIFACT_LIMIT: limit } = env;
  const options: { retentionMs?: number; maxArtifactBytes?: number } = {};
  if (retention) {
    const ms = /^\d{1,10}$/.test(retention) ? Number(retention) * 1000 : parseDuration(retention);
    options.retentionMs = Math.round(ms ?? 0);
    // An artifact waits for the event that names it: a quarter of an hour, when a broker has to try again and again.
    if (options.retentionMs < 3_600_000) {
      throw wrong(env, 'XORFLOW_RETENTION', 'expected a duration of an hour or more, such as P7D, PT12H or 3600');
    }
  }
  if (limit) {
    const [, number, unit = ''] = /^(\d{1,12})(Ki|Mi|Gi)?$/.exec(limit) ?? [];
    options.maxArtifactBytes = Number(number) * (UNITS[unit] ?? 1);
    if (!(options.maxArtifactBytes > 0)) {
      throw wrong(env, 'XORFLOW_ARTIFACT_LIMIT', 'expected bytes, such as 268435456, 256Mi or 1Gi');
    }
  }
  return options;
}

/**
 * Reads the environment that Knative (or the local interpreter) gives a function.
 *
 * @throws XorflowError `INVALID_ARGUMENT` naming the variable, its value and what is allowed
 */
export function readSettings(env: Env): Settings {
  const store = env.XORFLOW_STORE;
  if (!store) throw new TransientError('STORE_UNAVAILABLE', `Missing XORFLOW_STORE: expected ${STORE_URLS}`);
  return {
    host: env.HOST ?? '127.0.0.1',
    port: integer(env, 'PORT', 8080, 65_535),
    store,
    storeOptions: storeOptions(env),
    sink: env.K_SINK || undefined,
    overrides: readOverrides(env.K_CE_OVERRIDES),
    concurrency: integer(env, 'XORFLOW_CONCURRENCY', 0, 1000),
    logLevel: env.LOG_LEVEL ?? 'info',
  };
}
