import { TransientError, XorflowError } from '../../events/errors.ts';
import { readOverrides } from './sink.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** What a function's container is configured with. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly store: string;
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
    throw new XorflowError(
      'INVALID_ARGUMENT',
      `Wrong value ${JSON.stringify(text)} in ${name}: expected an integer from 0 to ${max}`,
    );
  }
  return value;
}

/**
 * Reads the environment that Knative (or the local interpreter) gives a function.
 *
 * @throws XorflowError `INVALID_ARGUMENT` naming the variable, its value and what is allowed
 */
export function readSettings(env: Env): Settings {
  const store = env.XORFLOW_STORE;
  if (!store) throw new TransientError('STORE_UNAVAILABLE', 'Missing XORFLOW_STORE: expected embedded:<folder>');
  return {
    host: env.HOST ?? '127.0.0.1',
    port: integer(env, 'PORT', 8080, 65_535),
    store,
    sink: env.K_SINK || undefined,
    overrides: readOverrides(env.K_CE_OVERRIDES),
    concurrency: integer(env, 'XORFLOW_CONCURRENCY', 0, 1000),
    logLevel: env.LOG_LEVEL ?? 'info',
  };
}
