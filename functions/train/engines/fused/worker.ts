import { parentPort } from 'node:worker_threads';
import type { Help } from './helpers.ts';
import { WebAssembly } from './webassembly.ts';

parentPort?.on('message', ({ module, memory, address, place }: Help) => {
  const { help } = new WebAssembly.Instance(module, { env: { memory } }).exports as {
    help(address: number, place: number): void;
  };
  help(address, place);
});
