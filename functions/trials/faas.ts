import { toFaas } from '../host/faas.ts';
import { definition } from './index.ts';

/** What `func` and faas-js-runtime run. */
export const { init, shutdown, liveness, readiness, handle } = toFaas(definition, process.env);
