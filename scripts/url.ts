import { usageError } from './exit.ts';

/** Reads `--to`, or another place's address. @throws RejectedError `INVALID_ARGUMENT` for anything but an http or https URL */
export function parseUrl(text: string, place = '--to', example = 'http://127.0.0.1:8080'): string {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '')
    return url.href.replace(/\/+$/, '');
  const value = JSON.stringify(text.slice(0, 80));
  throw usageError(`Wrong value ${value} at ${place}: expected a URL such as ${example}`);
}
