/** What is used of WebAssembly's JavaScript interface: TypeScript declares it for browsers alone. */
interface Interface {
  readonly Memory: new (limits: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => Memory;
  readonly Instance: new (module: Module, imports: object) => { readonly exports: unknown };
  compile(bytes: Uint8Array): Promise<Module>;
}

export interface Memory {
  /** Another object after the memory has grown. */
  readonly buffer: SharedArrayBuffer;
}

export type Module = object & { readonly module: unique symbol };

export const WebAssembly: Interface = Reflect.get(globalThis, 'WebAssembly');
