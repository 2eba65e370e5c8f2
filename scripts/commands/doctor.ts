import { Command } from 'commander';
import type { Finding } from '../doctor.ts';
import { EXIT } from '../exit.ts';
import { addJson, addStore, DATA } from './common.ts';

const NOTES = `
Exit codes: 0 experiments can run on this machine, 3 something has to be mended first.`;

const MARKS: Readonly<Record<Finding['status'], string>> = { ok: 'ok', note: 'note', problem: 'PROBLEM' };

export function defineDoctor(_signal: AbortSignal): Command {
  const command = new Command('doctor').description(
    'tell what this machine has for experiments (engines, Node, CPU, memory, store, port), what it lacks and what to do',
  );
  return addJson(addStore(command)).addHelpText('after', NOTES).action(doctor);
}

async function doctor(options: { store?: string; json?: true }): Promise<void> {
  const [{ examine }, { formatTable }] = await Promise.all([import('../doctor.ts'), import('../table.ts')]);
  const findings = await examine(options.store ?? DATA);
  const isAble = findings.every(({ status }) => status !== 'problem');
  if (!isAble) process.exitCode = EXIT.unreachable;
  if (options.json) return void process.stdout.write(`${JSON.stringify({ able: isAble, findings })}\n`);
  const columns = [
    { title: '', text: ({ status }: Finding) => MARKS[status] },
    { title: 'What', text: ({ name }: Finding) => name },
    { title: 'Found', text: ({ detail }: Finding) => detail },
  ];
  process.stdout.write(formatTable(columns, findings));
  const advice = findings.filter((finding) => finding.advice !== undefined);
  if (advice.length > 0) process.stdout.write('\n');
  for (const finding of advice) process.stdout.write(`${finding.name}: ${finding.advice}\n`);
  process.stdout.write(
    `\n${isAble ? 'Experiments can run on this machine' : 'Experiments cannot run: mend what is marked PROBLEM'}\n`,
  );
}
