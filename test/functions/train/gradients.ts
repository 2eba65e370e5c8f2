import { registerHooks } from 'node:module';

/**
 * Registers TensorFlow.js's own gradients, which its bundle for Node leaves out. The modules that hold them import
 * each other without extensions, as bundlers allow and Node does not.
 */
export async function registerGradients(): Promise<void> {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const isInside = context.parentURL?.includes('/tfjs-core/dist/') && specifier.startsWith('.');
      return next(isInside && !specifier.endsWith('.js') ? `${specifier}.js` : specifier, context);
    },
  });
  const module = '@tensorflow/tfjs-core/dist/register_all_gradients.js';
  await import(module);
  hooks.deregister();
}
