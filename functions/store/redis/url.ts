import { TransientError } from '../../../events/errors.ts';

/** Which Redis a URL names, and how to get in. */
export interface RedisTarget {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly tls: boolean;
  /** The name under which Sentinels know the master. */
  readonly master?: string;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly sentinelPassword?: string;
  /** The URL without what is secret in it: for messages. */
  readonly name: string;
}

/** What a URL of Redis may look like. */
export const REDIS_URLS =
  'redis://[user:password@]host[:6379][/db], redis+sentinel://host[:26379],…/master[/db] or ' +
  'redis+cluster://host[:6379],… (rediss… with TLS)';

const PARTS = /^redis(s?)(?:\+(sentinel|cluster))?:\/\/(?:([^@]*)@)?([^/?@]+)((?:\/[^?]*)?)(?:\?(.*))?$/;
const NODE = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/;

/**
 * Reads the URL of a Redis: one server (`redis://host:6379/0`), one that Sentinels know by its master's name
 * (`redis+sentinel://one:26379,two:26379/master/0`), or a cluster (`redis+cluster://one:6379,two:6379`); with
 * `rediss` for `redis`, by TLS. User and password stand before the hosts, percent-encoded where they have `@`, `/`,
 * `?` or `:`; what Sentinels ask for in `?sentinel-password=`.
 *
 * @throws TransientError `STORE_UNAVAILABLE`, which never shows a password
 */
export function parseRedisUrl(url: string): RedisTarget {
  const wrong = (rule: string) =>
    new TransientError(
      'STORE_UNAVAILABLE',
      `Wrong value ${JSON.stringify(withoutSecrets(url))} in XORFLOW_STORE: ${rule}`,
    );
  const [matched, s, kind = 'single', credentials, hosts = '', path = '', query = ''] = PARTS.exec(url) ?? [];
  if (matched === undefined) throw wrong(`expected ${REDIS_URLS}`);
  const nodes = hosts.split(',').map((text) => {
    const [found, v6, name, port] = NODE.exec(text) ?? [];
    const number = Number(port ?? (kind === 'sentinel' ? 26_379 : 6379));
    if (found === undefined || number < 1 || number > 65_535) throw wrong('expected hosts as host:port');
    return { host: v6 ?? name ?? '', port: number };
  });
  if (kind === 'single' && nodes.length > 1) {
    throw wrong('expected one host, or redis+sentinel:// or redis+cluster:// with several');
  }
  const segments = path.split('/').slice(1);
  if (segments.at(-1) === '') segments.pop();
  const master = kind === 'sentinel' ? decoded(segments.shift()) : undefined;
  if (kind === 'sentinel' && !master) throw wrong("expected the master's name after the Sentinels");
  const [db = '0', ...more] = segments;
  if (!/^\d{1,5}$/.test(db) || more.length > 0) throw wrong('expected the number of a database at the end');
  if (kind === 'cluster' && Number(db) !== 0) throw wrong('expected database 0, the only one of a cluster');
  const options = new URLSearchParams(query);
  const sentinelPassword = options.get('sentinel-password');
  options.delete('sentinel-password');
  if (options.size > 0 || (sentinelPassword !== null && kind !== 'sentinel')) {
    throw wrong('expected nothing after ? but sentinel-password, with redis+sentinel://');
  }
  const [username, ...rest] = credentials?.split(':') ?? [];
  const password = rest.length > 0 ? decoded(rest.join(':')) : undefined;
  if (credentials !== undefined && password === undefined) throw wrong('expected user:password or :password before @');
  return {
    kind: kind as RedisTarget['kind'],
    nodes,
    tls: s === 's',
    db: Number(db),
    ...(master && { master }),
    ...(username && { username: decoded(username) ?? username }),
    ...(password && { password }),
    ...(sentinelPassword && { sentinelPassword }),
    name: url.slice(0, url.indexOf('//') + 2) + hosts + path,
  };
}

/** A URL, right or wrong, as it may be shown: without what stands before the last `@` and after `?`. */
export function withoutSecrets(url: string): string {
  return url.replace(/^([a-z+]*:(?:\/\/)?)?.*@/is, '$1***@').replace(/\?.*$/s, '?***');
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return text;
  }
}
