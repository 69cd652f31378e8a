import { describe, expect, it } from 'vitest';
import { FingerprintChase } from './fingerprint-chase.js';

/** Fetches that never return the announced set. @returns the pauses before each */
function pauses(chase: FingerprintChase, announced: string): number[] {
  const found: number[] = [];
  for (;;) {
    chase.announce(announced, 'held', 0);
    const pauseMs = chase.pauseMs('held');
    if (pauseMs === undefined || found.length > 100) return found;
    found.push(pauseMs);
    chase.noteFetch('held');
  }
}

describe('FingerprintChase', () => {
  it('needs no fetch before a set was announced, or if that set is held', () => {
    const chase = new FingerprintChase();
    expect(chase.pauseMs(undefined)).toBeUndefined();
    expect(chase.pauseMs('one')).toBeUndefined();
    chase.announce('one', undefined, 0);
    expect(chase.pauseMs('one')).toBeUndefined();
    expect(chase.pauseMs('other')).toBe(250);
    expect(chase.pauseMs(undefined)).toBe(250);
  });

  it('tries a set that does not come a few times, less and less often, then never again', () => {
    const chase = new FingerprintChase();
    expect(pauses(chase, 'one')).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000]);
    expect(pauses(chase, 'one')).toEqual([]);
  });

  it('tries again for each new set, and gives up on two that alternate', () => {
    const chase = new FingerprintChase();
    expect(pauses(chase, 'one')).toHaveLength(6);
    expect(pauses(chase, 'two')).toHaveLength(6);
    expect(pauses(chase, 'one')).toEqual([]);
    expect(pauses(chase, 'two')).toEqual([]);
  });

  it('counts neither a fetch that brings the set nor one before any was announced', () => {
    const chase = new FingerprintChase();
    for (let round = 0; round < 20; round++) {
      chase.noteFetch(undefined);
      chase.announce('one', undefined, 0);
      chase.noteFetch('one');
    }
    expect(pauses(chase, 'two').slice(0, 3)).toEqual([250, 500, 1_000]);
  });

  it.each([
    ['was held when it was announced', (chase) => chase.announce('one', 'one', 0)],
    [
      'was fetched',
      (chase) => {
        chase.announce('one', 'old', 0);
        chase.noteFetch('one');
      },
    ],
  ] satisfies [string, (chase: FingerprintChase) => void][])(
    'tries for longer than a cache may keep a set, if a set %s',
    (_, fit) => {
      const chase = new FingerprintChase();
      fit(chase);
      const found = pauses(chase, 'two');
      expect(found.slice(0, 8)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
      expect(found).toHaveLength(60);
      expect(found.reduce((sum, each) => sum + each)).toBeGreaterThan(300_000);
      expect(pauses(chase, 'two')).toEqual([]);
    },
  );

  it('forgets the sets that were announced first', () => {
    const chase = new FingerprintChase();
    for (let number = 0; number < 17; number++) pauses(chase, String(number));
    expect(pauses(chase, '1')).toEqual([]);
    expect(pauses(chase, '0')).toHaveLength(6);
  });

  it('confirms a set that was announced recently', () => {
    const chase = new FingerprintChase();
    expect(chase.confirms(undefined, 0)).toBe(false);
    chase.announce('one', undefined, 5_000);
    expect(chase.confirms('one', 34_999)).toBe(true);
    expect(chase.confirms('one', 35_000)).toBe(false);
    expect(chase.confirms('two', 5_000)).toBe(false);
  });
});
