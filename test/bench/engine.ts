/** One of our engines, for `npm run bench`: `engine.ts NAME any|wasm CPUS`. */
import { ENGINES } from '../../events/spec.ts';
import { selectEngine } from '../../functions/train/engines/select.ts';
import { loadWasm } from '../../functions/train/engines/tensorflow.ts';
import { answer, lack, toOutcome } from './answer.ts';
import { setUp } from './training.ts';

const [wanted, backend, cpus] = process.argv.slice(2);
const engine = await selectEngine(ENGINES.find((name) => name === wanted) ?? lack(`no engine ${wanted}`)).catch(lack);
if (backend === 'wasm') await loadWasm();
if (backend === 'native' && !engine.reason.startsWith('the native')) lack(engine.reason);

await answer(backend === 'wasm' ? 'the WASM backend' : engine.reason, async (line) => {
  const { data, model } = setUp(line);
  const started = performance.now();
  const { history } = engine.train(
    data,
    model,
    () => undefined,
    () => Number(cpus),
  );
  const ms = performance.now() - started;
  return { ms, outcome: toOutcome(history.loss.at(-1), history.accuracy.at(-1)) };
});
