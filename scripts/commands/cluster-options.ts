import type { Command } from 'commander';

/** The options of `deploy` and `undeploy` that say what is meant, and where. */
export function addPlan(command: Command): Command {
  return command
    .option('--overlay <name|dir>', 'plain, kubeflow-profile, or a folder with a kustomization', 'plain')
    .option('--broker <name>', 'imc, kafka or rabbitmq (default: what is there, or what the cluster has for default)')
    .option('--namespace <name>', 'in place of the one of the overlay')
    .option('--context <name>', 'of the kubeconfig (default: its current one)')
    .option('--kubeconfig <file>', 'in place of KUBECONFIG and ~/.kube/config');
}
