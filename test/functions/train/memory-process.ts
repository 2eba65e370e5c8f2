/** Trains on a dataset of a store and tells, as JSON, the memory of this process before and at most during it, in bytes. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { EventOf } from '../../../events/define.ts';
import type { trainingRequested } from '../../../events/registry.ts';
import { openStore } from '../../../functions/store/open.ts';
import { definition } from '../../../functions/train/index.ts';
import { makeTestDeps } from '../../support/deps.ts';

const [folder, warmUp, wanted] = process.argv.slice(2);
const read = (file = '') => JSON.parse(readFileSync(file, 'utf8')) as EventOf<typeof trainingRequested>;

function memoryOf(field: 'VmRSS' | 'VmHWM'): number {
  const [, kilobytes] =
    new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

await using store = await openStore(`embedded:${folder}`);
await using deps = await makeTestDeps({ definition, store, concurrency: 1 });
await definition.handle(read(warmUp), deps);
// From here on the highest is counted anew.
writeFileSync('/proc/self/clear_refs', '5');
const idle = memoryOf('VmRSS');
const [trained] = await definition.handle(read(wanted), deps);
process.stdout.write(JSON.stringify({ idle, highest: memoryOf('VmHWM'), type: trained?.type }));
