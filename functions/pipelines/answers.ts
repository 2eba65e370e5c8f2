import { z } from 'zod';

// What the API answers (REST v2beta1), as far as anybody here asks; empty fields may be left out.

const name = z.string().default('');
const list = <S extends z.ZodType>(key: string, item: S) =>
  z
    .looseObject({ [key]: z.array(item).default([]), next_page_token: z.string().default('') })
    .transform((answer) => ({ items: answer[key] as z.output<S>[], next: String(answer.next_page_token) }));

/** The server itself. A page that is no API has none of the fields. */
export const healthSchema = z
  .looseObject({
    tag_name: z.string().optional(),
    commit_sha: z.string().optional(),
    multi_user: z.boolean().optional(),
    pipeline_store: z.string().optional(),
  })
  .refine(
    ({ tag_name, commit_sha, multi_user }) =>
      tag_name !== undefined || commit_sha !== undefined || multi_user !== undefined,
    'expected tag_name, commit_sha or multi_user',
  );

export const pipelineSchema = z.looseObject({ pipeline_id: z.string().min(1) });

export const versionSchema = z.looseObject({ pipeline_version_id: z.string().min(1), name, display_name: name });
export const versionsSchema = list('pipeline_versions', versionSchema);

export const experimentSchema = z.looseObject({ experiment_id: z.string().min(1), display_name: name });
export const experimentsSchema = list('experiments', experimentSchema);

const STATES = ['PENDING', 'RUNNING', 'SUCCEEDED', 'SKIPPED', 'FAILED', 'CANCELING', 'CANCELED', 'PAUSED'] as const;

const error = z.looseObject({ message: z.string().optional() }).nullish();
/** A server may know states that we do not: they are no end. */
const state = z.enum(STATES).catch('PENDING');

const taskSchema = z.looseObject({ task_id: name, display_name: name, state: z.string().default(''), error });

export const runSchema = z.looseObject({
  run_id: z.string().min(1),
  display_name: name,
  state: state.default('PENDING'),
  error,
  run_details: z.looseObject({ task_details: z.array(taskSchema).default([]) }).nullish(),
});
export const runsSchema = list('runs', runSchema);

export type Run = z.output<typeof runSchema>;
