import { TransientError } from '../../events/errors.ts';
import type { Store } from './port.ts';

/**
 * Opens the store that a URL names: `embedded:<folder>`.
 *
 * @throws TransientError `STORE_UNAVAILABLE` for another scheme or a folder that cannot be used
 */
export async function openStore(url: string): Promise<Store> {
  const [scheme, rest] = [url.slice(0, url.indexOf(':')), url.slice(url.indexOf(':') + 1)];
  if (scheme === 'embedded' && rest !== '') {
    const { openEmbedded } = await import('./embedded/open.ts');
    return openEmbedded(rest);
  }
  throw new TransientError(
    'STORE_UNAVAILABLE',
    `Wrong value ${JSON.stringify(url)} in XORFLOW_STORE: expected embedded:<folder>`,
  );
}
