import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, constants, copyFileSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { contextFiles, filesOfCopy } from './context.ts';
import { type Instruction, parseDockerfile, type Stage } from './dockerfile.ts';

/** What the image would have in it, and how it would be run. */
export interface Image {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** The user that it runs as, where this process may become another one. */
  readonly uid: number | undefined;
  readonly command: readonly string[];
}

/** npm has no way to its registry: nothing about the project is wrong. */
export class RegistryUnreachable extends Error {}

const WORKDIR = '/app';
const NO_REGISTRY =
  /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|E401|E403|E407)\b/;

/**
 * Follows the Dockerfile in a folder instead of a container: `<folder>/app` stands for /app, and Node for the base image.
 *
 * @throws RegistryUnreachable where npm cannot install; Error with the line of the Dockerfile for anything else
 */
export async function buildImage(root: string, folder: string, say: (text: string) => void): Promise<Image> {
  const { args, stages } = parseDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8'));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'bin'));
  // A copy: the user of the image may not be let into the folder where ours is.
  copyFileSync(process.execPath, join(folder, 'bin', 'node'), constants.COPYFILE_FICLONE);
  let image: Image | undefined;
  for (const stage of stages) {
    if (image) renameSync(image.folder, join(folder, `stage-${stages.indexOf(stage) - 1}`));
    image = await runStage(stage, stages, { root, folder, args, say });
  }
  if (!image) throw new Error('Dockerfile: no FROM');
  chmod('a-w', image.folder);
  return image;
}

/** Removes what {@link buildImage} has put into the folder, which it has made read-only. */
export function removeImage(folder: string): void {
  chmod('u+w', folder);
  rmSync(folder, { recursive: true, force: true });
}

function chmod(mode: string, folder: string): void {
  spawnSync('chmod', ['-R', mode, folder], { stdio: 'ignore' });
}

interface Place {
  readonly root: string;
  readonly folder: string;
  readonly args: Readonly<Record<string, string>>;
  readonly say: (text: string) => void;
}

async function runStage(stage: Stage, stages: readonly Stage[], place: Place): Promise<Image> {
  const app = join(place.folder, 'app');
  const path = `${join(place.folder, 'bin')}${delimiter}${process.env.PATH ?? ''}`;
  const inside = (text: string) => text.replaceAll(new RegExp(`(?<![\\w.])${WORKDIR}(?!\\w)`, 'g'), app);
  let env: Record<string, string> = { PATH: path, HOME: process.env.HOME ?? '/tmp' };
  let uid: number | undefined;
  const commands: Record<string, readonly string[]> = {};
  mkdirSync(app);
  for (const instruction of stage.instructions) {
    if (instruction.kind === 'run') await run(instruction, app, { ...npmSettings(), ...env }, uid, place.say);
    else if (instruction.kind === 'copy') copy(instruction, stages, place, app);
    else if (instruction.kind === 'env' || instruction.kind === 'arg') {
      for (const [name, value] of Object.entries(instruction.values)) env = { ...env, [name]: inside(value) };
    } else if (instruction.kind === 'user') uid = userOf(instruction.value, instruction.line);
    else if (instruction.kind === 'entrypoint' || instruction.kind === 'cmd')
      commands[instruction.kind] = instruction.words;
    else if (instruction.kind === 'workdir' && instruction.value !== WORKDIR) {
      throw new Error(`Dockerfile:${instruction.line}: WORKDIR ${instruction.value}: expected ${WORKDIR}`);
    }
  }
  return { folder: app, env, uid, command: [...(commands.entrypoint ?? []), ...(commands.cmd ?? [])] };
}

/** Where npm finds its registry and its cache is for the machine to say. */
function npmSettings(): Record<string, string> {
  // No more of them: an npm that has started us tells its own folder by npm_config_local_prefix.
  const isWanted = (name: string) =>
    /^(?:npm_config_(?:registry|cache|userconfig|globalconfig|cafile|(?:https?_?)?proxy|noproxy)|https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS)$/i.test(
      name,
    );
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      isWanted(name) && value !== undefined ? [[name, value]] : [],
    ),
  );
}

function copy(
  instruction: Extract<Instruction, { kind: 'copy' }>,
  stages: readonly Stage[],
  place: Place,
  app: string,
): void {
  const { from, paths, to, line } = instruction;
  if (from !== undefined) {
    const index = stages.findIndex(({ name }) => name === from);
    if (index < 0 || to !== WORKDIR || paths.join() !== WORKDIR) {
      throw new Error(
        `Dockerfile:${line}: COPY --from=${from} ${paths.join(' ')} ${to}: expected ${WORKDIR} of a stage`,
      );
    }
    cpSync(join(place.folder, `stage-${index}`), app, {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
    });
    return;
  }
  for (const [source, target] of filesOfCopy(contextFiles(place.root), paths, to, line)) {
    const path = join(app, target);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(join(place.root, source), path);
  }
}

function userOf(value: string, line: number): number | undefined {
  const uid = Number(value.split(':')[0]);
  if (!Number.isInteger(uid))
    throw new Error(`Dockerfile:${line}: USER ${value}: expected a number, which runAsNonRoot can check`);
  return process.getuid?.() === 0 ? uid : undefined;
}

async function run(
  { script, line }: Extract<Instruction, { kind: 'run' }>,
  cwd: string,
  env: Record<string, string>,
  uid: number | undefined,
  say: (text: string) => void,
): Promise<void> {
  say(script.length > 100 ? `${script.slice(0, 100)} …` : script);
  const child = spawn('sh', ['-c', script], {
    cwd,
    env: uid === undefined ? env : { ...env, HOME: '/tmp' },
    ...(uid === undefined ? {} : { uid, gid: uid }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const code = await new Promise<number | null>((done, failed) => child.once('error', failed).once('close', done));
  if (code === 0) return;
  const end = output.trim().split('\n').slice(-30).join('\n');
  if (/\bnpm (?:ci|prune)\b/.test(script) && NO_REGISTRY.test(output)) throw new RegistryUnreachable(end);
  throw new Error(`Dockerfile:${line}: ended with ${code}: ${script}\n${end}`);
}
