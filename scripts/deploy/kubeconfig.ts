import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { toError } from '../../events/errors.ts';
import { usageError } from '../exit.ts';
import { noAnswer } from './answers.ts';

/** The options that say which cluster is meant. */
export interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Where Kubernetes puts the token of a pod. */
const IN_CLUSTER = '/var/run/secrets/kubernetes.io/serviceaccount/token';
const EXPECTED = 'expected --kubeconfig FILE, the variable KUBECONFIG or ~/.kube/config';

/**
 * The configuration of the cluster that is meant, as kubectl finds it.
 *
 * @throws XorflowError `INVALID_ARGUMENT` for a file or context that is not there, `PLATFORM_UNREACHABLE` where none is
 */
export async function loadKubeconfig({ kubeconfig, context }: ClusterOptions): Promise<KubeConfig> {
  const { KubeConfig: Config } = await import('@kubernetes/client-node');
  const config = new Config();
  const files = filesOf(kubeconfig);
  const place = files.join(', ');
  if (files.length === 0 && !existsSync(IN_CLUSTER)) throw noAnswer(`No kubeconfig on this machine: ${EXPECTED}`);
  try {
    if (files.length === 0) config.loadFromCluster();
    for (const [index, file] of files.entries()) {
      const one = index === 0 ? config : new Config();
      one.loadFromFile(file);
      if (one !== config) config.mergeConfig(one, true);
    }
  } catch (cause) {
    const why = cause instanceof TypeError ? 'it is none' : toError(cause).message.split('\n')[0];
    throw usageError(`Cannot read the kubeconfig ${place}: ${why}`, { cause });
  }
  if (context !== undefined) config.setCurrentContext(context);
  const names = (config.getContexts() ?? []).map(({ name }) => name);
  if (names.includes(config.getCurrentContext())) {
    if (config.getCurrentCluster()) return config;
    throw usageError(`No cluster for the context ${config.getCurrentContext()} in ${place}: mend the kubeconfig`);
  }
  const known = names.length === 0 ? 'it has none' : `expected one of ${names.join(', ')}`;
  if (context !== undefined) throw usageError(`Wrong value ${JSON.stringify(context)} at --context: ${known}`);
  throw usageError(`No current context in ${place}: choose with --context, ${known}`);
}

function filesOf(kubeconfig: string | undefined): string[] {
  if (kubeconfig !== undefined) {
    if (existsSync(kubeconfig)) return [kubeconfig];
    throw usageError(`No file ${JSON.stringify(kubeconfig)} at --kubeconfig`);
  }
  const named = (process.env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  if (named.length > 0) return named.filter((file) => existsSync(file));
  return [join(process.env.HOME ?? homedir(), '.kube', 'config')].filter((file) => existsSync(file));
}
