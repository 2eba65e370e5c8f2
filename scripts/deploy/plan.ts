import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { renderKustomization } from '../../knative/kustomize/render.ts';
import { isClusterWide, type KubernetesObject, keyOf } from '../../knative/kustomize/resource.ts';
import { containersOf, splitImage } from '../../knative/kustomize/transform.ts';
import { usageError } from '../exit.ts';
import { BROKERS, type Choices, componentOf } from './choices.ts';
import { inSteps, markOurs } from './order.ts';
import { moveNamespace } from './rename.ts';

/** What is to be in the cluster. */
export interface Plan {
  readonly namespace: string;
  /** In the order in which they are applied. */
  readonly objects: readonly KubernetesObject[];
  /** Whether the functions name a Secret with the store's URL that is not among the objects. */
  readonly lacksStore: boolean;
  /** Whether the password of the store was made up just now: one that the cluster has already stays. */
  readonly isStoreNew: boolean;
}

/** The annotation that chooses who implements a Broker; it can never be changed afterwards. */
export const BROKER_CLASS = 'eventing.knative.dev/broker.class';
/** The Secret that the functions read the URL of their store from. */
export const STORE_SECRET = 'xorflow-store';
/** The image and the namespace as the manifests name them. */
const NAME = 'xorflow';

/**
 * The objects of an overlay with the chosen components, namespace, image and store.
 *
 * @throws XorflowError `INVALID_MANIFEST` for what cannot be rendered, `INVALID_ARGUMENT` where an option is missing
 */
export async function makePlan(choices: Choices): Promise<Plan> {
  const { objects: rendered, isStoreNew } = await render(choices);
  const from = namespaceOf(rendered);
  const namespace = choices.namespace ?? from;
  const moved = moveNamespace(rendered, from, namespace);
  const placed = moved.map((object) => (isClusterWide(object) ? object : inNamespace(object, namespace)));
  const withImage = placed.map((object) => setImage(object, choices.image));
  const needsStore = JSON.stringify(withImage).includes(`"name":"${STORE_SECRET}"`);
  const { storeUrl } = choices;
  const objects = needsStore && storeUrl !== undefined ? setStore(withImage, namespace, storeUrl) : withImage;
  return { namespace, objects: inSteps(objects).flat(), lacksStore: needsStore && !objects.some(isStore), isStoreNew };
}

/** Whatever `deploy` may have made with these choices: every broker where none is chosen, and Redis and the Secret too. */
export async function makeRemovalPlan(choices: Choices): Promise<Plan> {
  // Nothing of these is sent: what is deleted is named by kind and name.
  const given = { ...choices, hasRedis: true, image: `${NAME}:any`, storeUrl: 'redis://any' };
  const { broker: chosen, ...rest } = given;
  const alone = await makePlan({ ...rest, hasRedis: false });
  // What an administrator adds for the others has no Broker, and no component belongs to it.
  if (alone.objects.every(({ kind }) => kind !== 'Broker')) return alone;
  const brokers = chosen === undefined ? BROKERS : [chosen];
  const plans = await Promise.all(brokers.map((broker) => makePlan({ ...given, broker })));
  const found = new Map(plans.flatMap(({ objects }) => objects.map((object) => [keyOf(object), object])));
  const namespace = plans[0]?.namespace ?? NAME;
  return { namespace, objects: inSteps([...found.values()]).flat(), lacksStore: false, isStoreNew: false };
}

/** A component that is chosen takes the place of one of the overlay's own. */
async function render({ overlay, broker, hasRedis }: Choices) {
  const redis = hasRedis ? componentOf(overlay, 'redis') : undefined;
  const chosen = broker === undefined ? undefined : componentOf(overlay, `broker-${broker}`);
  const components = [chosen, redis].filter((folder) => folder !== undefined);
  const omit = (folder: string) => {
    const name = basename(folder);
    const isOther = (broker !== undefined && name.startsWith('broker-')) || (hasRedis && name === 'redis');
    return isOther && !components.includes(folder);
  };
  if (redis === undefined)
    return { objects: await renderKustomization(overlay, { components, omit }), isStoreNew: false };
  const file = join(redis, 'redis.env');
  const objects = await renderKustomization(overlay, { components, omit, files: { [file]: makePassword() } });
  return { objects, isStoreNew: !existsSync(file) };
}

/** What an operator would put into redis.env. */
function makePassword(): string {
  const password = randomBytes(24).toString('hex');
  return `password=${password}\nurl=redis://:${password}@redis:6379/0\n`;
}

function namespaceOf(objects: readonly KubernetesObject[]): string {
  const broker = objects.find(({ kind }) => kind === 'Broker');
  return broker?.metadata.namespace ?? objects.find(({ kind }) => kind === 'Namespace')?.metadata.name ?? NAME;
}

function inNamespace(object: KubernetesObject, namespace: string): KubernetesObject {
  return object.metadata.namespace === undefined ? { ...object, metadata: { ...object.metadata, namespace } } : object;
}

/** @throws RejectedError where neither the overlay nor the option says in which registry the image is */
function setImage(object: KubernetesObject, image: string | undefined): KubernetesObject {
  const copy = structuredClone(object);
  for (const container of containersOf(copy)) {
    const { name, rest } = splitImage(String(container.image));
    if (basename(name) !== NAME) continue;
    // Without a tag of its own, the overlay's stays.
    if (image !== undefined) container.image = splitImage(image).rest === '' ? `${image}${rest}` : image;
    else if (name === NAME) {
      throw usageError(
        `No image for ${object.kind} ${object.metadata.name}: expected --image REF, such as --image registry.example/xorflow:1.0`,
      );
    }
  }
  return copy;
}

function isStore({ kind, metadata }: KubernetesObject): boolean {
  return kind === 'Secret' && metadata.name === STORE_SECRET;
}

function setStore(objects: readonly KubernetesObject[], namespace: string, url: string): KubernetesObject[] {
  const data = { url: Buffer.from(url, 'utf8').toString('base64') };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: STORE_SECRET, namespace },
    type: 'Opaque',
    data,
  };
  return [...objects.filter((object) => !isStore(object)), markOurs(secret)];
}
