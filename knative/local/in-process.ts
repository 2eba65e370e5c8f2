import { pathToFileURL } from 'node:url';
import { XorflowError } from '../../events/errors.ts';
import type { FunctionDefinition } from '../../functions/host/function.ts';
import { serve } from '../../functions/host/serve.ts';
import type { Shortcut } from '../../functions/host/sink.ts';
import type { Exit, StartInstance } from './instance.ts';

/** Loads a function's module ahead of its start, so that all of them load while the broker comes up. */
export async function loadDefinition(file: string): Promise<FunctionDefinition> {
  const module = (await import(pathToFileURL(file).href)) as { definition?: FunctionDefinition };
  if (module.definition === undefined) {
    throw new XorflowError('INVALID_ARGUMENT', `No export "definition" in ${file}: expected a FunctionDefinition`);
  }
  return module.definition;
}

/** Runs functions in this process, each on a port of its own; events for a sink in this process take the shortcut. */
export function startInProcess(shortcut: Shortcut): StartInstance {
  return async (launch) => {
    const definition = await loadDefinition(launch.file);
    const print = (line: string) => launch.onOutput('stdout', line);
    const running = await serve(definition, { ...launch.env, PORT: '0' }, { print, shortcut });
    return {
      port: running.port,
      take: running.take,
      exited: new Promise<Exit>(() => undefined),
      stop: (graceMs) => running.close(graceMs),
    };
  };
}
