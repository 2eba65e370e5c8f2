import { z } from 'zod';
import { metadataOf } from './parts.ts';

/** What Serving sets itself and its webhook refuses from a manifest. */
const RESERVED_ENV = ['PORT', 'K_SERVICE', 'K_CONFIGURATION', 'K_REVISION'];
const COMMAND = 'expected [node, functions/<name>/index.ts]: no other program can run without a container engine';
const MAX_TIMEOUT_SECONDS = 600;

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

const containerSchema = z.strictObject({
  command: z
    .array(z.string())
    .refine(
      ([program, file, ...rest]) =>
        program === 'node' && /^functions\/[a-z0-9-]+\/index\.ts$/.test(file ?? '') && rest.length === 0,
      COMMAND,
    ),
  env: z.array(envSchema).optional(),
  envFrom: z.array(envFromSchema).optional(),
  readinessProbe: z
    .strictObject({
      httpGet: z.strictObject({ path: z.string().startsWith('/') }).optional(),
      tcpSocket: z.strictObject({}).optional(),
    })
    .optional(),
});

const seconds = z.int().min(0).max(MAX_TIMEOUT_SECONDS);

const revisionSchema = z
  .strictObject({
    containerConcurrency: z.int().min(0).max(1000).optional(),
    timeoutSeconds: seconds.optional(),
    responseStartTimeoutSeconds: seconds.optional(),
    containers: z.array(containerSchema).length(1, 'expected one container'),
  })
  .superRefine(({ timeoutSeconds = 300, responseStartTimeoutSeconds: start = 0 }, context) => {
    const limit = timeoutSeconds || 300;
    if (start <= limit) return;
    context.addIssue({
      code: 'custom',
      input: start,
      path: ['responseStartTimeoutSeconds'],
      message: `expected at most timeoutSeconds, ${limit}`,
    });
  });

/** `Service` of `serving.knative.dev/v1`. */
export const serviceSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Service'),
  metadata: metadataOf({}),
  spec: z.strictObject({
    template: z.strictObject({
      metadata: z.strictObject({ annotations: z.strictObject({}).optional() }).optional(),
      spec: revisionSchema,
    }),
  }),
});

export type ServiceManifest = z.infer<typeof serviceSchema>;
export type ContainerManifest = z.infer<typeof containerSchema>;
