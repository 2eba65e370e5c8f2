import { isMainThread, workerData } from 'node:worker_threads';
import type { Help } from './helpers.ts';
import { WebAssembly } from './webassembly.ts';

if (!isMainThread) {
  const { module, memory, address, place }: Help = workerData;
  const { help } = new WebAssembly.Instance(module, { env: { memory } }).exports as {
    help(address: number, place: number): void;
  };
  help(address, place);
}
