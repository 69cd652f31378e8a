import { Gauge } from 'prom-client';

import type { Build } from '../health/build.js';
import type { MetricSource } from './metric-source.js';

/** `build_info`, always 1: its labels say which program runs. */
export function buildMetrics({ version, commit }: Build): MetricSource {
  return (registry) => {
    const build = new Gauge({
      name: 'build_info',
      help: 'Always 1: the labels say which program runs',
      labelNames: ['version', 'commit'],
      registers: [registry],
    });
    build.set({ version, commit }, 1);
  };
}
