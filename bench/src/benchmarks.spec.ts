import { expect, it } from 'vitest';
import { benchmarks } from './benchmarks.js';

it.each(benchmarks)(
  'runs $name in a short form',
  async (benchmark) => {
    const { columns, rows } = await benchmark.run('smoke', () => undefined);
    expect(rows.length).toBeGreaterThan(1);
    for (const { name, values } of rows) {
      expect(values, name).toHaveLength(columns.length);
      for (const value of values) if (value !== null) expect(value, name).toBeGreaterThan(0);
    }
  },
  240_000,
);
