import { TransientError, XorflowError } from '../../events/errors.ts';
import type { Store } from './port.ts';
import { REDIS_URLS, withoutSecrets } from './redis/url.ts';

/** What `XORFLOW_STORE` may be, for messages. */
export const STORE_URLS = `embedded:<folder>, ${REDIS_URLS}`;

export interface StoreOptions {
  /** How long an experiment is kept after its end; for ever, unless told otherwise. */
  readonly retentionMs?: number;
  /** The largest artifact, in bytes. */
  readonly maxArtifactBytes?: number;
}

/**
 * Opens the store that a URL names: `embedded:<folder>` or a Redis, such as `redis://host:6379/0`.
 *
 * @throws TransientError `STORE_UNAVAILABLE` for another scheme or a folder that cannot be used
 * @throws XorflowError `INVALID_ARGUMENT` for options that the store does not have
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  const [scheme, rest] = [url.slice(0, url.indexOf(':')), url.slice(url.indexOf(':') + 1)];
  if (scheme === 'embedded' && rest !== '') {
    if (options.retentionMs !== undefined || options.maxArtifactBytes !== undefined) {
      const name = options.retentionMs === undefined ? 'XORFLOW_ARTIFACT_LIMIT' : 'XORFLOW_RETENTION';
      throw new XorflowError('INVALID_ARGUMENT', `Wrong ${name} with the embedded store: expected a store in Redis`);
    }
    const { openEmbedded } = await import('./embedded/open.ts');
    return openEmbedded(rest);
  }
  if (/^rediss?(\+|$)/.test(scheme)) {
    const { openRedis } = await import('./redis/open.ts');
    return openRedis(url, options);
  }
  throw new TransientError(
    'STORE_UNAVAILABLE',
    `Wrong value ${JSON.stringify(withoutSecrets(url))} in XORFLOW_STORE: expected ${STORE_URLS}`,
  );
}
