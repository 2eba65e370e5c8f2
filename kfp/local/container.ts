import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { XorflowError } from '../../events/errors.ts';
import type { Component, Container } from './schema.ts';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const GRACE_MS = 10_000;

/** As strict as the launcher's protojson. */
const outputSchema = z.strictObject({
  parameterValues: z.record(z.string(), z.unknown()).default({}),
  artifacts: z
    .record(
      z.string(),
      z.strictObject({
        artifacts: z.array(
          z.strictObject({
            name: z.string().optional(),
            type: z.unknown().optional(),
            uri: z.string().optional(),
            metadata: z.record(z.string(), z.unknown()).optional(),
            customPath: z.string().optional(),
          }),
        ),
      }),
    )
    .default({}),
});

/** An artifact that a step has made. */
export interface MadeArtifact {
  readonly name: string;
  readonly type: string;
  /** The file; a step need not have written one, where everything is in the metadata. */
  readonly path: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface ContainerResult {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly artifacts: readonly MadeArtifact[];
}

export interface RunContainer {
  readonly container: Container;
  readonly component: Component;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** For the step's outputs alone; what an earlier attempt left there is removed. */
  readonly folder: string;
  readonly deadlineSeconds: number | undefined;
  /** From 0, as `KFP_RETRY_INDEX`. */
  readonly attempt: number;
  readonly signal: AbortSignal;
  onOutput(stream: 'stdout' | 'stderr', line: string): void;
  onStart?: ((child: ChildProcess) => void) | undefined;
}

/**
 * Runs one step as the driver and the launcher do: a child process with the real program, its ExecutorInput as an
 * argument, its ExecutorOutput read back.
 *
 * @throws Error when the process fails, or does not give what its component declares
 */
export async function runContainer(run: RunContainer): Promise<ContainerResult> {
  const { component, folder, inputs } = run;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const outputs = component.outputDefinitions;
  const pathOf = (name: string) => join(folder, name);
  const outputFile = join(folder, 'meta', 'executor_output.json');
  const executorInput = {
    inputs: { parameterValues: inputs },
    outputs: {
      parameters: Object.fromEntries(
        Object.keys(outputs.parameters).map((name) => [name, { outputFile: join(folder, 'parameters', name) }]),
      ),
      artifacts: Object.fromEntries(
        // The launcher adds one that nobody declared, too.
        [...Object.entries(outputs.artifacts), ['executor-logs', undefined] as const].map(([name, slot]) => [
          name,
          {
            artifacts: [
              {
                name,
                type: slot?.artifactType ?? { schemaTitle: 'system.Artifact' },
                uri: `minio://mlpipeline/v2/artifacts/local/${name}`,
                customPath: pathOf(name),
                metadata: {},
              },
            ],
          },
        ]),
      ),
      outputFile,
    },
  };
  await runProcess(run, JSON.stringify(executorInput));
  const output = await readOutput(outputFile);
  for (const name of Object.keys(outputs.parameters)) {
    if (!Object.hasOwn(output.parameterValues, name)) throw new Error(`Output parameter ${name} is missing`);
  }
  return {
    parameters: output.parameterValues,
    artifacts: Object.entries(outputs.artifacts).map(([name, { artifactType }]) => ({
      name,
      type: artifactType.schemaTitle,
      path: pathOf(name),
      metadata: output.artifacts[name]?.artifacts[0]?.metadata ?? {},
    })),
  };
}

async function readOutput(file: string): Promise<z.infer<typeof outputSchema>> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  const parsed = outputSchema.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new Error(`The executor output is not what the launcher takes: ${z.prettifyError(parsed.error)}`);
  if (hasNull(parsed.data.artifacts))
    throw new Error('Metadata of an artifact hold null: NaN and infinity are none in JSON');
  return parsed.data;
}

function hasNull(value: unknown): boolean {
  if (value === null) return true;
  return typeof value === 'object' && Object.values(value).some(hasNull);
}

function runProcess(
  { container, deadlineSeconds, attempt, signal, ...run }: RunContainer,
  executorInput: string,
): Promise<void> {
  const [program, ...rest] = [...container.command, ...container.args].map((text) => fill(text, executorInput));
  const child = spawn(program === 'node' ? process.execPath : String(program), rest, {
    cwd: PROJECT,
    env: {
      PATH: process.env.PATH,
      // As the image has one: half of a step's start is compiling.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      ...Object.fromEntries(container.env.map(({ name, value }) => [name, value])),
      KFP_RETRY_INDEX: String(attempt),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  run.onStart?.(child);
  let last = '';
  createInterface({ input: child.stdout }).on('line', (line) => run.onOutput('stdout', line));
  createInterface({ input: child.stderr }).on('line', (line) => {
    last = line;
    run.onOutput('stderr', line);
  });
  return new Promise((resolve, reject) => {
    let killer: NodeJS.Timeout | undefined;
    let why = '';
    const stop = (reason: string) => {
      why = reason;
      child.kill('SIGTERM');
      killer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    };
    const onAbort = () => stop('it was stopped');
    const late =
      deadlineSeconds === undefined
        ? undefined
        : setTimeout(() => stop(`it ran longer than ${deadlineSeconds} s`), deadlineSeconds * 1000);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    const end = (error?: Error) => {
      clearTimeout(killer);
      clearTimeout(late);
      signal.removeEventListener('abort', onAbort);
      if (error) reject(error);
      else resolve();
    };
    child.once('error', end);
    // Not `exit`: what it said last comes after that.
    child.once('close', (code, name) => {
      if (code === 0) return end();
      const how = why || (name === null ? `exit code ${code}` : `ended by ${name}`);
      end(new Error(`${how}${last === '' ? '' : `: ${last}`}`));
    });
  });
}

/** The one placeholder that is put in here; another one would stay as it is on a cluster too, or mean something. */
function fill(text: string, executorInput: string): string {
  if (text === '{{$}}') return executorInput;
  if (!text.includes('{{$')) return text;
  throw new XorflowError(
    'INVALID_MANIFEST',
    `Placeholder ${JSON.stringify(text)}: not supported locally; expected {{$}} alone`,
  );
}
