/** `npm run image`: whether the image would build and its functions start and work, without a container engine. */
import { chownSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadManifests } from '../knative/local/manifests.ts';
import { toTopology } from '../knative/local/topology.ts';
import { buildImage, type Image, RegistryUnreachable, removeImage } from './image/build.ts';
import { runChain } from './image/chain.ts';
import { environment, startOnce } from './image/starts.ts';
import { formatTable } from './table.ts';
import { ROOT } from './tool.ts';

interface Row {
  readonly command: readonly string[];
  readonly times: readonly number[];
}

/** How often each function is started: the median counts. */
const STARTS = 3;

const NOT_CHECKED = [
  'that the base image exists and has sh, test and head (Debian has)',
  'the build with TENSORFLOW_WHEEL',
  'a read-only root file system but for the folder of the image, capabilities, seccomp',
];

/** npm cannot reach its registry: whoever runs this decides what that means. */
const EXIT_UNREACHABLE = 3;

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** What a cluster starts. */
async function commandsOfServices(): Promise<(readonly string[])[]> {
  const { services } = toTopology(await loadManifests(join(ROOT, 'knative', 'base')));
  return services.flatMap(({ spec }) => spec.template.spec.containers.map(({ command }) => command));
}

function makeStore({ uid }: Image): string {
  const store = mkdtempSync(join(tmpdir(), 'xorflow-image-store-'));
  if (uid !== undefined) chownSync(store, uid, uid);
  return store;
}

async function withStore<R>(image: Image, run: (store: string) => Promise<R>): Promise<R> {
  const store = makeStore(image);
  try {
    return await run(store);
  } finally {
    rmSync(store, { recursive: true, force: true });
  }
}

/** As the container has it: no home to write to, nothing of this machine's environment. */
function optionsOf({ folder, env, uid }: Image, store: string, sink?: string) {
  return {
    cwd: folder,
    env: { ...env, HOME: '/nonexistent', ...environment(store, sink) },
    ...(uid === undefined ? {} : { uid }),
  };
}

function megabytes(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += lstatSync(join(entry.parentPath, entry.name)).size;
  }
  return bytes / 1e6;
}

async function check(folder: string): Promise<void> {
  const image = await buildImage(ROOT, folder, say);
  const commands = await commandsOfServices();
  const byDefault = image.command.join(' ');
  if (!commands.some((command) => command.join(' ') === byDefault)) {
    throw new Error(`Dockerfile: ${byDefault} is the command of no Service in knative/base`);
  }
  const rows: Row[] = [];
  for (const command of commands) {
    say(command.join(' '));
    const times: number[] = [];
    for (let round = 0; round < STARTS; round++) {
      times.push(await withStore(image, (store) => startOnce(command, optionsOf(image, store))));
    }
    rows.push({ command, times });
  }
  say('one experiment through all of them');
  const end = await withStore(image, (store) => runChain(commands, (sink) => optionsOf(image, store, sink)));
  if (end.type !== 'experiment.completed') throw new Error(`The experiment ended with ${end.type}: ${end.body}`);
  report(image, rows, end.ms);
}

function report({ folder, uid }: Image, rows: readonly Row[], experimentMs: number): void {
  const median = (times: readonly number[]) => times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
  process.stdout.write(
    formatTable<Row>(
      [
        { title: 'Command', text: ({ command }) => command.join(' ') },
        { title: 'Ready ms', align: 'right', text: ({ times }) => String(Math.round(median(times))) },
        { title: 'First', align: 'right', text: ({ times: [first = Number.NaN] }) => String(Math.round(first)) },
      ],
      rows,
    ),
  );
  process.stdout.write(`\nSize  ${Math.round(megabytes(folder))} MB without Node and the base\n`);
  process.stdout.write(`Experiment  completed in ${Math.round(experimentMs)} ms\n`);
  const user = uid === undefined ? ['that another user than this one may run it'] : [];
  for (const what of [...NOT_CHECKED, ...user]) process.stdout.write(`Not checked  ${what}\n`);
}

const folder = mkdtempSync(join(tmpdir(), 'xorflow-image-'));
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    removeImage(folder);
    process.exit(128 + constants.signals[signal]);
  });
}
try {
  await check(folder);
} catch (error) {
  const isUnreachable = error instanceof RegistryUnreachable;
  say(
    isUnreachable
      ? `xorflow: npm cannot reach its registry, nothing was checked:\n${error.message}`
      : `xorflow: ${error}`,
  );
  process.exitCode = isUnreachable ? EXIT_UNREACHABLE : 1;
} finally {
  removeImage(folder);
}
