import { type Chart, THEME } from './theme.ts';
import { vegaLite } from './vega.ts';

/**
 * The Vega spec of a chart in the house style.
 *
 * @throws Error where the spec makes Vega-Lite warn: a warning is a fault of the chart
 */
export function compile(chart: Chart): ReturnType<typeof vegaLite.compile>['spec'] {
  return vegaLite.compile(chart.spec, { config: THEME, logger: raisingLogger(chart.name) }).spec;
}

/** A logger of Vega and Vega-Lite for which every warning is an error. */
export function raisingLogger(name: string) {
  const raise = (...messages: readonly unknown[]): never => {
    throw new Error(`Faulty chart ${name}: ${messages.map(String).join(' ')}`);
  };
  const logger = {
    level: () => logger,
    error: raise,
    warn: raise,
    info: () => logger,
    debug: () => logger,
  };
  return logger as never;
}
