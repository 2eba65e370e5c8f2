import { z } from 'zod';

/** What Serving sets itself and its webhook refuses from a manifest. */
const RESERVED_ENV = ['PORT', 'K_SERVICE', 'K_CONFIGURATION', 'K_REVISION'];
const COMMAND = 'expected [node, functions/<name>/index.ts]: no other program can run without a container engine';

const keyRef = z.strictObject({ name: z.string(), key: z.string(), optional: z.boolean().optional() });
const wholeRef = z.strictObject({ name: z.string(), optional: z.boolean().optional() });

const envSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, 'expected the name of an environment variable')
    .refine((name) => !RESERVED_ENV.includes(name), `expected none of ${RESERVED_ENV.join(', ')}: Serving sets them`),
  value: z.string('expected a string: quote numbers and booleans').optional(),
  valueFrom: z
    .strictObject({ secretKeyRef: keyRef.optional(), configMapKeyRef: keyRef.optional() })
    .refine((from) => Object.keys(from).length === 1, 'expected secretKeyRef or configMapKeyRef')
    .optional(),
});

const envFromSchema = z
  .strictObject({ prefix: z.string().optional(), secretRef: wholeRef.optional(), configMapRef: wholeRef.optional() })
  .refine(
    (from) => (from.secretRef === undefined) !== (from.configMapRef === undefined),
    'expected secretRef or configMapRef',
  );

/** What a container runs, and with which environment: the same for a Service and a Job. */
export const containerShape = {
  command: z
    .array(z.string())
    .refine(
      ([program, file, ...rest]) =>
        program === 'node' && /^functions\/[a-z0-9-]+\/index\.ts$/.test(file ?? '') && rest.length === 0,
      COMMAND,
    ),
  env: z.array(envSchema).optional(),
  envFrom: z.array(envFromSchema).optional(),
};

const containerSchema = z.strictObject(containerShape);
export type ContainerManifest = z.infer<typeof containerSchema>;
