import { type StatusObject, status } from '@grpc/grpc-js';
import { quoteValue } from '../../events/issues.ts';

/** The kubelet asks for the second name, which is no service's; clients of gRPC for the first or the third. */
const SERVICES = ['', 'manager.v1beta1.Suggestion', 'api.v1.beta1.Suggestion'];

/** How a service is. */
export interface HealthReply {
  readonly status: 'SERVING' | 'NOT_SERVING';
}

/** The answer to a health check: of a service that is not here, the error `NOT_FOUND`. */
export function check(service: string, isServing: boolean): HealthReply | Partial<StatusObject> {
  if (SERVICES.includes(service)) return { status: isServing ? 'SERVING' : 'NOT_SERVING' };
  return { code: status.NOT_FOUND, details: `No service ${quoteValue(service)} here` };
}
