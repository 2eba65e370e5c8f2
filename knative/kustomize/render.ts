import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { generate } from './generate.ts';
import { type Kustomization, readKustomization } from './kustomization.ts';
import { applyPatches } from './patch.ts';
import { readObjects } from './read.ts';
import { refuse } from './refuse.ts';
import { applyReplacements } from './replace.ts';
import { type KubernetesObject, keyOf, type Resource, titleOf, toResource } from './resource.ts';
import { addLabels, setImages, setNamespace } from './transform.ts';

/** What is changed in kustomizations before they are rendered, without a file for it. */
export interface RenderOptions {
  /** Folders of components that the kustomization gets beside its own. */
  readonly components?: readonly string[];
  /** Which folders of components are left out, wherever they are named. */
  readonly omit?: (folder: string) => boolean;
  /** Texts of files that generators name and that need not be there, by their paths. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * Renders a folder to the objects that `kustomize build` makes of it, without kubectl or kustomize.
 *
 * @throws XorflowError `INVALID_MANIFEST` with file and path of whatever is not honoured
 */
export async function renderKustomization(folder: string, options: RenderOptions = {}): Promise<KubernetesObject[]> {
  const root = resolve(folder);
  const kustomization = await readKustomization(root);
  const added = (options.components ?? []).map((component) => resolve(component));
  const components = [...kustomization.components.map((path) => join(root, path)), ...added];
  const resources = await build([], { ...kustomization, components }, root, [], options);
  return resources.map(({ object }) => object);
}

/** In the order of kustomize: resources, components, what is generated; then patches, namespace, labels, images and replacements. */
async function build(
  given: readonly Resource[],
  kustomization: Kustomization & { readonly file: string },
  folder: string,
  parents: readonly string[],
  options: RenderOptions,
): Promise<Resource[]> {
  const { file } = kustomization;
  let resources = [...given];
  for (const [index, path] of kustomization.resources.entries()) {
    resources = joined(resources, await loadResource(path, index, file, folder, [...parents, folder], options), file);
  }
  for (const component of kustomization.components) {
    const place = resolve(folder, component);
    if (options.omit?.(place)) continue;
    const inner = await readKustomization(place);
    if (inner.kind !== 'Component') throw refuse(inner.file, `Wrong kind ${inner.kind}: expected Component`);
    resources = await build(resources, inner, place, [...parents, folder], options);
  }
  resources = joined(resources, (await generate(kustomization, options.files)).map(toResource), file);
  resources = await applyPatches(resources, kustomization);
  if (kustomization.namespace !== undefined) setNamespace(resources, kustomization.namespace);
  addLabels(resources, kustomization.labels);
  setImages(resources, kustomization.images);
  applyReplacements(resources, kustomization);
  return resources;
}

async function loadResource(
  path: string,
  index: number,
  file: string,
  folder: string,
  parents: readonly string[],
  options: RenderOptions,
): Promise<Resource[]> {
  if (/^[a-z+]+:\/\/|^git@|^github\.com\//.test(path)) {
    throw refuse(file, `resources.${index}: ${path} is elsewhere: expected a file or folder here`);
  }
  const target = resolve(folder, path);
  const found = await stat(target).catch(() => undefined);
  if (found === undefined) throw refuse(file, `No file or folder ${JSON.stringify(path)} at resources.${index}`);
  if (found.isFile()) return (await readObjects(target)).map(toResource);
  if (parents.includes(target)) throw refuse(file, `resources.${index}: ${path} includes itself`);
  const inner = await readKustomization(target);
  if (inner.kind === 'Component') throw refuse(file, `resources.${index}: ${path} is a component: expected components`);
  return build([], inner, target, parents, options);
}

function joined(before: readonly Resource[], added: readonly Resource[], file: string): Resource[] {
  const keys = new Set(before.map(({ object }) => keyOf(object)));
  for (const { object } of added) {
    if (keys.has(keyOf(object))) throw refuse(file, `${titleOf(object)} is there twice`);
    keys.add(keyOf(object));
  }
  return [...before, ...added];
}
