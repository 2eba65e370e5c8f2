import { Command } from 'commander';
import type { PlanOptions } from '../deploy/choices.ts';
import type { Deployment } from '../deploy/deploy.ts';
import type { Difference } from '../deploy/diff.ts';
import type { ClusterOptions } from '../deploy/kubeconfig.ts';
import type { Plan } from '../deploy/plan.ts';
import { EXIT, usageError } from '../exit.ts';
import { addPlan } from './cluster-options.ts';
import { addJson } from './common.ts';

interface DeployOptions extends PlanOptions, ClusterOptions {
  readonly timeout: string;
  readonly forceConflicts?: true;
  readonly dryRun?: true;
  readonly diff?: true;
  readonly json?: true;
}

const EXAMPLES = `
The image is needed, and a store: --redis brings one, --store-url names one; once it is there, neither has to be repeated.
Exit codes: 0 all is ready, 1 something is not ready in time, 2 wrong usage, 3 the cluster cannot be reached or refuses.

Examples:
  xorflow deploy --image registry.example/xorflow:1.0 --redis
  xorflow deploy --image registry.example/xorflow:1.0 --overlay kubeflow-profile --namespace alice --broker kafka
  xorflow deploy --image registry.example/xorflow:1.0 --redis --dry-run > all.yaml
  xorflow deploy --image registry.example/xorflow:1.1 --diff`;

export function defineDeploy(signal: AbortSignal, leave: (hint: string | undefined) => void): Command {
  const command = addPlan(
    new Command('deploy').description('apply the manifests of knative/ to a cluster and wait until all is ready'),
  )
    .option('--redis', 'with a Redis of its own as the store')
    .option('--image <ref>', 'of the functions, where the cluster can pull it')
    .option('--store-url <url>', 'of a Redis that is there already')
    .option('--timeout <seconds>', 'to wait until all is ready', '300')
    .option('--force-conflicts', 'take fields over that somebody else manages')
    .option('--dry-run', 'print the YAML that would be applied; no cluster is needed')
    .option('--diff', 'print what would change in the cluster, and change nothing');
  return addJson(command)
    .addHelpText('after', EXAMPLES)
    .action((options: DeployOptions) => run(options, signal, leave));
}

async function run(
  options: DeployOptions,
  signal: AbortSignal,
  leave: (hint: string | undefined) => void,
): Promise<void> {
  if (options.dryRun && options.diff) {
    throw usageError('Both --dry-run and --diff: expected one of them, --diff compares with a cluster');
  }
  const { toChoices, toTimeout } = await import('../deploy/choices.ts');
  const { makePlan } = await import('../deploy/plan.ts');
  const timeoutMs = toTimeout(options.timeout);
  const force = options.forceConflicts === true;
  const plan = await makePlan(toChoices(options));
  if (options.dryRun) return print(plan, options.json === true);
  const { openCluster } = await import('../deploy/cluster.ts');
  const cluster = await openCluster(options, signal);
  if (options.diff) {
    const { diff } = await import('../deploy/diff.ts');
    return show(await diff(cluster, plan, force), options.json === true);
  }
  const { deploy } = await import('../deploy/deploy.ts');
  leave('what is applied stays: deploy again to go on, or "xorflow undeploy"');
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  const deployment = await deploy(cluster, plan, { timeoutMs, force, signal, say });
  leave(undefined);
  await tell(deployment, plan, cluster.title, options);
}

/** The YAML on stdout; it holds the Secret as it is, or it could not be applied. */
async function print(plan: Plan, isJson: boolean): Promise<void> {
  if (plan.lacksStore) {
    const { STORE_SECRET } = await import('../deploy/plan.ts');
    process.stderr.write(
      `note: the functions read the Secret ${STORE_SECRET}, which has to be in namespace ${plan.namespace} already: --redis or --store-url bring it\n`,
    );
  }
  if (isJson)
    return void process.stdout.write(`${JSON.stringify({ namespace: plan.namespace, objects: plan.objects })}\n`);
  const { stringify } = await import('yaml');
  // Kubernetes reads YAML 1.1, where yes, on and 0644 are no strings.
  const documents = plan.objects.map((object) => stringify(object, { version: '1.1', aliasDuplicateObjects: false }));
  process.stdout.write(documents.join('---\n'));
}

async function show(differences: readonly Difference[], isJson: boolean): Promise<void> {
  const { titleOf } = await import('../../knative/kustomize/resource.ts');
  const { formatChange } = await import('../deploy/changes.ts');
  const { printable } = await import('../table.ts');
  const rows = differences.map(({ object, kind, changes }) => ({ object: titleOf(object), kind, changes }));
  const count = (wanted: Difference['kind']) => rows.filter(({ kind }) => kind === wanted).length;
  if (isJson) return void process.stdout.write(`${JSON.stringify({ objects: rows })}\n`);
  for (const { object, kind, changes } of rows.filter((row) => row.kind !== 'unchanged')) {
    process.stdout.write(`${kind}: ${object}\n`);
    for (const change of changes) process.stdout.write(`  ${printable(formatChange(change))}\n`);
  }
  process.stdout.write(`${count('new')} new, ${count('changed')} changed, ${count('unchanged')} unchanged\n`);
}

async function tell(deployment: Deployment, plan: Plan, title: string, options: DeployOptions): Promise<void> {
  const { notReady, held, addresses, durationMs, objects } = deployment;
  const isReady = notReady.length === 0;
  if (!isReady) {
    const { formatNotReady } = await import('../deploy/reasons.ts');
    process.exitCode = EXIT.failed;
    const names = notReady.map(({ kind, name }) => `${kind} ${name}`).join(', ');
    const rest = held.length === 0 ? '' : `; not applied because of that: ${held.join(', ')}`;
    process.stderr.write(`not ready:\n${formatNotReady(notReady)}`);
    process.stderr.write(
      `xorflow: Not ready within ${options.timeout} s in namespace ${plan.namespace}: ${names}${rest}; deploy again to go on waiting\n`,
    );
  }
  if (options.json) {
    const status = isReady ? 'ready' : 'not-ready';
    const document = { status, namespace: plan.namespace, objects, notReady, held, addresses, durationMs };
    return void process.stdout.write(`${JSON.stringify(document)}\n`);
  }
  if (!isReady) return;
  const { formatDuration } = await import('../table.ts');
  const count = (wanted: string) => objects.filter(({ result }) => result === wanted).length;
  process.stdout.write(
    `\nAll is ready in namespace ${plan.namespace} of ${title} after ${formatDuration(durationMs)}: ${count('created')} objects created, ${count('applied')} applied\n`,
  );
  if (addresses.broker) process.stdout.write(`Broker   ${addresses.broker}\n`);
  if (addresses.gateway) process.stdout.write(`Gateway  ${addresses.gateway}\n`);
}
