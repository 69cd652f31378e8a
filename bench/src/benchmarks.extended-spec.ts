import { afterAll, expect, it } from 'vitest';
import { benchmarks } from './benchmarks.js';
import { endSmokeResources } from './harness/smoke-resources.js';

afterAll(endSmokeResources);

it.each(benchmarks)(
  'runs $name in a short form',
  async (benchmark) => {
    const { columns, rows } = await benchmark.run('smoke', () => undefined);
    expect(rows.length).toBeGreaterThan(1);
    for (const { name, values } of rows) {
      expect(values, name).toHaveLength(columns.length);
      // Of the memory of a short list more may be given back than it takes.
      for (const value of values)
        if (value !== null) expect(value, name).toSatisfy(Number.isFinite);
    }
  },
  240_000,
);
