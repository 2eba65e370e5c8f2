import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { usageError } from '../exit.ts';

export const BROKERS = ['imc', 'kafka', 'rabbitmq'] as const;
export type BrokerName = (typeof BROKERS)[number];

/** The options of `deploy` and `undeploy` that say what is meant, as commander gives them. */
export interface PlanOptions {
  readonly overlay: string;
  readonly broker?: string;
  readonly redis?: true;
  readonly namespace?: string;
  readonly image?: string;
  readonly storeUrl?: string;
}

/** The same, looked at. */
export interface Choices {
  readonly overlay: string;
  readonly broker?: BrokerName;
  readonly hasRedis: boolean;
  readonly namespace?: string;
  readonly image?: string;
  readonly storeUrl?: string;
}

const OVERLAYS = fileURLToPath(new URL('../../knative/overlays', import.meta.url));
/** The overlay of the interpreter of this machine: not for clusters. */
const NOT_FOR_CLUSTERS = 'local';
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const IMAGE =
  /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::\d+)?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

/** Looks at the options. @throws RejectedError `INVALID_ARGUMENT` with the option, its value and what is allowed */
export function toChoices(options: PlanOptions): Choices {
  const { broker, redis, namespace, image, storeUrl } = options;
  if (broker !== undefined && !isBroker(broker)) throw wrong(broker, '--broker', `one of ${BROKERS.join(', ')}`);
  if (namespace !== undefined && !NAMESPACE.test(namespace)) {
    throw wrong(namespace, '--namespace', 'lower-case letters, digits and hyphens, at most 63');
  }
  if (image !== undefined && !IMAGE.test(image)) {
    throw wrong(image, '--image', 'a reference such as registry.example/xorflow:1.0');
  }
  if (storeUrl !== undefined && !/^rediss?:$/.test(URL.parse(storeUrl)?.protocol ?? '')) {
    // It may hold a password.
    throw usageError('Wrong value at --store-url: expected a URL such as redis://host:6379');
  }
  if (redis && storeUrl !== undefined) {
    throw usageError('Both --redis and --store-url: expected one of them, a Redis of its own has its own URL');
  }
  return {
    overlay: folderOf(options.overlay),
    hasRedis: redis === true,
    ...(broker === undefined ? {} : { broker }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(image === undefined ? {} : { image }),
    ...(storeUrl === undefined ? {} : { storeUrl }),
  };
}

/** Reads `--timeout`, in seconds; resolves to milliseconds. */
export function toTimeout(text: string): number {
  const seconds = Number(text);
  if (/^\d+(?:\.\d+)?$/.test(text) && seconds > 0 && seconds <= 86_400) return seconds * 1_000;
  throw wrong(text, '--timeout', 'seconds, more than 0 and at most 86400');
}

/** The folder of a component: beside the overlay that is used, or the project's own. */
export function componentOf(overlay: string, name: string): string {
  const candidates = [join(overlay, '../../components', name), join(OVERLAYS, '../components', name)];
  const found = candidates.find((folder) => existsSync(folder));
  if (found !== undefined) return found;
  throw usageError(`No component ${name} in ${resolve(overlay, '../../components')}: expected a folder with that name`);
}

function folderOf(overlay: string): string {
  const names = existsSync(OVERLAYS) ? readdirSync(OVERLAYS).filter((name) => name !== NOT_FOR_CLUSTERS) : [];
  if (names.includes(overlay)) return join(OVERLAYS, overlay);
  if (overlay !== basename(overlay) && existsSync(overlay)) return resolve(overlay);
  throw wrong(overlay, '--overlay', [...names, 'a folder such as ./my/overlay'].join(', '));
}

function isBroker(text: string): text is BrokerName {
  return BROKERS.some((name) => name === text);
}

function wrong(value: string, option: string, rule: string): Error {
  return usageError(`Wrong value ${JSON.stringify(value)} at ${option}: expected ${rule}`);
}
