import { loadKernel } from './build.ts';
import { type Memory, type Module, WebAssembly } from './webassembly.ts';

/** What the kernel exports (`kernel/index.ts`). Addresses are byte offsets in its memory, as signed 32-bit integers. */
export interface Kernel {
  readonly module: Module;
  readonly memory: Memory;
  begin(dims: number): void;
  addLayer(inputs: number, units: number, activation: number): void;
  allocate(widest: number, trainSize: number, validationSize: number, batchSize: number, helpers: number): number;
  trainRows(): number;
  validationRows(): number;
  order(): number;
  start(optimizer: number, rate: number, momentum: number): void;
  trainEpoch(isJudged: boolean): void;
  validate(): void;
  enlist(helpers: number): void;
  dismiss(): void;
  helped(): number;
  address(): number;
  loss(): number;
  right(): number;
  isSound(): number;
  apply(which: number, at: number, count: number): void;
  log(x: number): number;
}

/** The activations by the numbers that the kernel knows them by. */
export const ACTIVATION_CODES = { linear: 0, relu: 1, tanh: 2, sigmoid: 3 } as const;
export const OPTIMIZER_CODES = { adam: 0, sgd: 1 } as const;

/** A megabyte, so that no small training has to wait for a memory that grows; what is not used is never there. */
const PAGES = 16;

let compiled: Promise<Module> | undefined;

/** Makes kernels with a memory of their own; the module is compiled once per thread. */
export async function loadKernels(): Promise<() => Kernel> {
  compiled ??= loadKernel().then((bytes) => WebAssembly.compile(bytes));
  const module = await compiled;
  return () => {
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: 65536, shared: true });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    return { ...(exports as Omit<Kernel, 'module' | 'memory'>), module, memory };
  };
}
