import { z } from 'zod';
import { isFields } from './resource.ts';

const path = z.string().startsWith('/', 'expected a path such as /spec/replicas');

export const operationsSchema = z.array(
  z.discriminatedUnion('op', [
    z.strictObject({ op: z.literal('add'), path, value: z.unknown() }),
    z.strictObject({ op: z.literal('replace'), path, value: z.unknown() }),
    z.strictObject({ op: z.literal('test'), path, value: z.unknown() }),
    z.strictObject({ op: z.literal('remove'), path }),
  ]),
);

type Operation = z.infer<typeof operationsSchema>[number];

/**
 * Applies the operations of a JSON patch (RFC 6902) to data of one's own.
 *
 * @throws Error with the path that is not there
 */
export function patchJson(data: unknown, operations: readonly Operation[]): void {
  for (const operation of operations) {
    const steps = operation.path
      .slice(1)
      .split('/')
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = steps.pop() ?? '';
    const parent = steps.reduce<unknown>(
      (value, step) => (Array.isArray(value) ? value[Number(step)] : isFields(value) ? value[step] : undefined),
      data,
    );
    if (Array.isArray(parent)) patchList(parent, last, operation);
    else if (isFields(parent)) patchField(parent, last, operation);
    else throw new Error(`nothing at ${operation.path} to ${operation.op}`);
  }
}

function patchList(list: unknown[], step: string, operation: Operation): void {
  const index = step === '-' ? list.length : /^\d+$/.test(step) ? Number(step) : Number.NaN;
  const limit = operation.op === 'add' ? list.length : list.length - 1;
  if (!(index <= limit)) throw new Error(`nothing at ${operation.path} to ${operation.op}`);
  if (operation.op === 'add') list.splice(index, 0, structuredClone(operation.value));
  else if (operation.op === 'remove') list.splice(index, 1);
  else if (operation.op === 'replace') list[index] = structuredClone(operation.value);
  else check(list[index], operation);
}

function patchField(fields: Record<string, unknown>, step: string, operation: Operation): void {
  if (operation.op !== 'add' && !Object.hasOwn(fields, step)) {
    throw new Error(`nothing at ${operation.path} to ${operation.op}`);
  }
  if (operation.op === 'remove') delete fields[step];
  else if (operation.op === 'test') check(fields[step], operation);
  else fields[step] = structuredClone(operation.value);
}

function check(found: unknown, { path: place, value }: Extract<Operation, { op: 'test' }>): void {
  if (JSON.stringify(found) !== JSON.stringify(value)) throw new Error(`test of ${place} failed`);
}
