import { readFile } from 'node:fs/promises';
import { z } from 'zod';

export const processSchema = z.strictObject({
  pid: z.int().min(1),
  /** Which run of the machine; empty where it does not tell. */
  boot: z.string(),
  /** When the process began, in clock ticks since the boot; empty where the machine does not tell. */
  ticks: z.string(),
});

/** A process that no later one with the same number can be mistaken for, where the machine tells (Linux). */
export type ProcessIdentity = z.infer<typeof processSchema>;

export async function identityOf(pid: number): Promise<ProcessIdentity> {
  const [boot, stat] = await Promise.all([readOrEmpty('/proc/sys/kernel/random/boot_id'), statOf(pid)]);
  return { pid, boot: boot.trim(), ticks: stat?.ticks ?? '' };
}

/** Whether it is that very process that runs, not a later one with its number. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const now = await identityOf(identity.pid);
  if (identity.boot !== now.boot) return false;
  if (identity.ticks !== '') {
    const stat = await statOf(identity.pid);
    return stat !== undefined && stat.ticks === identity.ticks && !['Z', 'X'].includes(stat.state);
  }
  try {
    return process.kill(identity.pid, 0);
  } catch (error) {
    // It runs as somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function statOf(pid: number): Promise<{ state: string; ticks: string } | undefined> {
  const stat = await readOrEmpty(`/proc/${pid}/stat`);
  // The name in brackets may hold anything, brackets and spaces too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const ticks = fields[19];
  return state === undefined || ticks === undefined ? undefined : { state, ticks };
}

async function readOrEmpty(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
