import { describe, expect, it } from 'vitest';
import { SCOPE, SCOPE_LIST, splitScope } from './claim-values.js';

describe('SCOPE', () => {
  it.each(['a', 'orders:read', 'https://example.com/x', '!', '~'])('takes %j', (scope) => {
    expect(SCOPE.test(scope)).toBe(true);
    expect(SCOPE_LIST.test(`${scope} ${scope}`)).toBe(true);
  });

  it.each(['"', '\\', '\0', '\t', '\x7f', 'ä'])('refuses %j, also in a list', (scope) => {
    expect(SCOPE.test(scope)).toBe(false);
    expect(SCOPE_LIST.test(`a ${scope}`)).toBe(false);
  });

  it('is one scope, where a list may have several or none', () => {
    expect(['', 'a b'].map((text) => SCOPE.test(text))).toEqual([false, false]);
    expect(['', 'a b'].map((text) => SCOPE_LIST.test(text))).toEqual([true, true]);
  });
});

describe('splitScope', () => {
  it.each<[string, string[]]>([
    ['', []],
    ['  ', []],
    [' a  b ', ['a', 'b']],
  ])('splits %j', (scope, scopes) => {
    expect(splitScope(scope)).toEqual(scopes);
  });
});
