import type { z } from 'zod';
import { quoteValue } from '../../events/issues.ts';
import { sentencesOf } from '../../events/manifest-issues.ts';

const TEMPLATE = /^spec\.trialTemplate\.trialSpec\./;
const JOB = /^spec\.trialTemplate\.trialSpec\.(?:apiVersion|kind)$/;

/** What Katib takes and the local tuner does not, by its path; the rest that is refused is wrong for both. */
const KATIB_ONLY: readonly { readonly path: RegExp; readonly values?: readonly string[] }[] = [
  { path: /^spec\.nasConfig$/ },
  { path: /^spec\.trialTemplate\.(?:configMap|primaryPodLabels|successCondition|failureCondition)$/ },
  { path: /^spec\.metricsCollectorSpec\.(?:source\.(?:fileSystemPath|httpGet)|collector\.customCollector)$/ },
  {
    path: /^spec\.metricsCollectorSpec\.collector\.kind$/,
    values: ['File', 'TensorFlowEvent', 'PrometheusMetric', 'Custom', 'Push', 'None'],
  },
  { path: /^spec\.parameters\.\d+\.(?:parameterType|feasibleSpace\.distribution)$/, values: ['unknown'] },
  { path: /^spec\.algorithm\.algorithmName$/, values: ['pbt', 'enas', 'darts'] },
  { path: JOB, values: ['TrainJob', 'TFJob', 'PyTorchJob', 'MPIJob', 'XGBoostJob'] },
  { path: JOB, values: ['trainer.kubeflow.org/v1alpha1', 'kubeflow.org/v1', 'kubeflow.org/v1beta1'] },
];

function isKatibOnly(path: string, value: unknown): boolean {
  return KATIB_ONLY.some(
    (entry) => entry.path.test(path) && (entry.values === undefined || entry.values.includes(String(value))),
  );
}

/** That the local tuner does not honour what Katib does; undefined where Katib refuses it too. */
export function katibOnly(path: string, value: unknown): string | undefined {
  if (!isKatibOnly(path, value)) return undefined;
  const shown = typeof value === 'object' ? path : `${path} ${quoteValue(value)}`;
  return `${shown}: not supported locally, though Katib takes it`;
}

/** What the schema has against an Experiment, one sentence for each field. */
export function schemaSentences(error: z.ZodError, document: unknown, schema: z.ZodType): string[] {
  const found = sentencesOf(error, document, schema).map(({ path, sentence }) => {
    const place = path.map(String).join('.');
    return { place, sentence: katibOnly(place, valueAt(document, path)) ?? sentence };
  });
  // All the fields of another kind than Job are unknown ones.
  const other = found.filter(({ place }) => JOB.test(place));
  return (other.length === 0 ? found : found.filter(({ place }) => !TEMPLATE.test(place) || JOB.test(place))).map(
    ({ sentence }) => sentence,
  );
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    document,
  );
}
