import { runs } from '@jwt-auth/dev-stack/vitest';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { compactId } from './compact-id.js';
import { CompactIdTable } from './compact-id-table.js';

const IDS = Array.from({ length: 12_000 }, (_, index) => compactId(String(index)));

/** Some of the ids in a row, which lie anywhere in the table, and when they expire. */
const addition = fc.record({
  from: fc.nat({ max: IDS.length }),
  count: fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 4_000 })),
  exp: fc.integer({ min: 1, max: 100 }),
});
const pruning = fc.record({ before: fc.integer({ min: 1, max: 101 }) });

it('agrees with a Map through additions and prunings', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(addition, addition, pruning), { maxLength: 20 }), (steps) => {
      const table = new CompactIdTable();
      const model = new Map<number, number>();
      for (const step of steps) {
        if ('before' in step) {
          for (const [index, exp] of model) if (exp < step.before) model.delete(index);
          for (const pruned = table.prune(step.before); !pruned.next().done;);
        } else {
          const { from, count, exp } = step;
          for (let index = from; index < Math.min(from + count, IDS.length); index += 1) {
            model.set(index, Math.max(model.get(index) ?? 0, exp));
            table.add(IDS[index]!, exp);
          }
        }
        expect(table.size).toBe(model.size);
      }
      expect(IDS.findIndex((id, index) => table.has(id) !== model.has(index))).toBe(-1);
    }),
    runs(60),
  );
});
