import { type ApiOptions, openPipelines, type PipelinesApi } from '../../functions/pipelines/api.ts';
import { findCredentials } from '../../functions/pipelines/credentials.ts';
import type { RemoteOptions } from '../commands/pipeline.ts';
import { usageError } from '../exit.ts';
import { parseUrl } from '../url.ts';

const EXAMPLE = 'http://localhost:8888 (kubectl port-forward) or https://kubeflow.example/pipeline';

/** A server of Kubeflow Pipelines, and where its pages are. */
export interface Place {
  readonly api: PipelinesApi;
  /** A page of the dashboard: `runs`, `pipelines`. */
  linkTo(kind: 'runs' | 'pipelines', id: string): string;
}

/**
 * The server that the options name, or the environment, in the variables that the Python SDK of Kubeflow Pipelines knows.
 *
 * @throws RejectedError `INVALID_ARGUMENT` where none is named, or by something that is no URL
 */
export async function openPlace(options: RemoteOptions, signal: AbortSignal): Promise<Place> {
  const { KF_PIPELINES_ENDPOINT, KF_PIPELINES_UI_ENDPOINT, KF_PIPELINES_NAMESPACE } = process.env;
  const place = options.host === undefined ? 'KF_PIPELINES_ENDPOINT' : '--host';
  const host = options.host ?? KF_PIPELINES_ENDPOINT;
  if (!host) {
    throw usageError(
      `Missing --host: expected the address of Kubeflow Pipelines such as ${EXAMPLE}; KF_PIPELINES_ENDPOINT is its default`,
    );
  }
  const url = parseUrl(host, place, EXAMPLE);
  const pages = KF_PIPELINES_UI_ENDPOINT
    ? parseUrl(KF_PIPELINES_UI_ENDPOINT, 'KF_PIPELINES_UI_ENDPOINT', EXAMPLE)
    : url;
  const api: ApiOptions = {
    url,
    namespace: options.namespace || KF_PIPELINES_NAMESPACE || undefined,
    namespacePlace: '--namespace',
    credentials: findCredentials({ env: process.env, tokenFile: options.tokenFile }),
  };
  return {
    api: await openPipelines(api, signal),
    linkTo: (kind, id) => `${pages}/#/${kind}/details/${encodeURIComponent(id)}`,
  };
}
