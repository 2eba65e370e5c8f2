import { XorflowError } from '../../events/errors.ts';
import type { ApiOptions } from '../pipelines/api.ts';
import { findCredentials } from '../pipelines/credentials.ts';

/** Of one answer; several of them fit into what a request to a function may take. */
const TIMEOUT_MS = 10_000;

/** Where runs are started, and as what. */
export interface RunSettings extends ApiOptions {
  /** The pipeline's name on the server. */
  readonly pipeline: string;
  /** The experiment of Kubeflow Pipelines that runs are filed under. */
  readonly group: string;
  /** What the run's steps ask, where it is not the gateway beside this function. */
  readonly gateway: string | undefined;
}

/**
 * Reads the container's environment, in the variables of Kubeflow Pipelines' Python SDK.
 *
 * @throws XorflowError `INVALID_ARGUMENT` naming the variable, its value and what is allowed
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): RunSettings {
  const gateway = env.XORFLOW_GATEWAY;
  return {
    url: urlIn('KF_PIPELINES_ENDPOINT', env.KF_PIPELINES_ENDPOINT),
    namespace: env.KF_PIPELINES_NAMESPACE || undefined,
    namespacePlace: 'KF_PIPELINES_NAMESPACE',
    credentials: findCredentials({ env }),
    timeoutMs: TIMEOUT_MS,
    pipeline: env.XORFLOW_PIPELINE || 'xorflow',
    group: env.KF_PIPELINES_DEFAULT_EXPERIMENT_NAME || 'xorflow',
    gateway: gateway ? urlIn('XORFLOW_GATEWAY', gateway) : undefined,
  };
}

function urlIn(name: string, text = ''): string {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, '');
  const rule = 'expected a URL such as http://ml-pipeline.kubeflow.svc.cluster.local:8888';
  throw new XorflowError('INVALID_ARGUMENT', `Wrong value ${JSON.stringify(text)} in ${name}: ${rule}`);
}
