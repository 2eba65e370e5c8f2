import type { Chart } from '../plots/theme.ts';
import { accuracyChart } from './charts/accuracy.ts';
import { confusionChart } from './charts/confusion.ts';
import { lossChart } from './charts/loss.ts';
import { rocChart } from './charts/roc.ts';
import { surfaceChart } from './charts/surface.ts';
import { testAccuracyChart } from './charts/test-accuracy.ts';
import type { Comparison } from './comparison.ts';

/** Every chart of a comparison, the most important first; the surface is there where the models have one. */
export function chartsOf(comparison: Comparison): Chart[] {
  const charts = [testAccuracyChart, lossChart, accuracyChart, confusionChart, rocChart];
  const isFlat = comparison.models.every((model) => model.surface !== undefined);
  return (isFlat ? [...charts, surfaceChart] : charts).map((chart) => chart(comparison));
}
