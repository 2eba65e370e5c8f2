import { Command } from 'commander';
import type { PlanOptions } from '../deploy/choices.ts';
import type { ClusterOptions } from '../deploy/kubeconfig.ts';
import { EXIT } from '../exit.ts';
import { addPlan } from './cluster-options.ts';
import { addJson } from './common.ts';

interface UndeployOptions extends PlanOptions, ClusterOptions {
  readonly timeout: string;
  readonly all?: true;
  readonly json?: true;
}

const NOTES = `
Deletes what the overlay names, with every broker unless --broker chooses one, and with Redis; nothing that lacks the label
app.kubernetes.io/part-of=xorflow. The namespace and the volumes of Redis, which hold the experiments, stay without --all.
Exit codes: 0 all is gone, 1 something is still there when the time is up, 2 wrong usage, 3 the cluster cannot be reached or refuses.`;

export function defineUndeploy(signal: AbortSignal): Command {
  const command = addPlan(
    new Command('undeploy').description('delete from a cluster what deploy has made, and wait until it is gone'),
  )
    .option('--all', 'also the namespace and the volumes of Redis, with all experiments')
    .option('--timeout <seconds>', 'to wait until all is gone', '300');
  return addJson(command)
    .addHelpText('after', NOTES)
    .action((options: UndeployOptions) => run(options, signal));
}

async function run(options: UndeployOptions, signal: AbortSignal): Promise<void> {
  const { toChoices, toTimeout } = await import('../deploy/choices.ts');
  const { makeRemovalPlan } = await import('../deploy/plan.ts');
  const timeoutMs = toTimeout(options.timeout);
  const plan = await makeRemovalPlan(toChoices(options));
  const [{ openCluster }, { undeploy }] = await Promise.all([
    import('../deploy/cluster.ts'),
    import('../deploy/undeploy.ts'),
  ]);
  const cluster = await openCluster(options, signal);
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  const { deleted, kept, stuck } = await undeploy(cluster, plan, { all: options.all === true, timeoutMs, signal, say });
  if (stuck.length > 0) {
    process.exitCode = EXIT.failed;
    const names = stuck.map(({ object, why }) => `${object} (${why})`).join(', ');
    process.stderr.write(`xorflow: Not gone within ${options.timeout} s: ${names}; undeploy again to go on\n`);
  }
  if (options.json) {
    const status = stuck.length === 0 ? 'gone' : 'not-gone';
    return void process.stdout.write(
      `${JSON.stringify({ status, namespace: plan.namespace, deleted, kept, stuck })}\n`,
    );
  }
  for (const { object, why } of kept) process.stdout.write(`kept: ${object} (${why})\n`);
  const what = deleted.length === 0 && kept.length === 0 ? 'Nothing was there' : `${deleted.length} objects deleted`;
  if (stuck.length === 0) process.stdout.write(`\n${what} in namespace ${plan.namespace} of ${cluster.title}\n`);
}
