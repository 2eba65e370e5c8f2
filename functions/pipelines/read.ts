import { z } from 'zod';
import { RejectedError } from '../../events/errors.ts';
import { type Call, type Server, send } from './http.ts';
import { Refused } from './refusal.ts';

/** Whether it is there already. */
export function isConflict(error: unknown): boolean {
  return error instanceof Refused && error.status === 409;
}

/** Sends a request and reads what a schema says of its answer. @throws what `send` does, and where the answer is another */
export async function read<S extends z.ZodType>(
  server: Server,
  call: Call,
  schema: S,
  signal: AbortSignal,
): Promise<z.output<S>> {
  return check(server, call.path, schema, await send(server, call, signal));
}

/** @throws RejectedError `PLATFORM_UNREACHABLE` for what no such API would say */
export function check<S extends z.ZodType>({ url }: Server, path: string, schema: S, json: unknown): z.output<S> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const what = z.prettifyError(parsed.error).replace(/\s+/g, ' ');
  throw new RejectedError(
    'PLATFORM_UNREACHABLE',
    `No API of Kubeflow Pipelines at ${url}: its answer to ${path} is not what one says (${what})`,
  );
}
