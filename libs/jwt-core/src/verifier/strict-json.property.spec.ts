import { runs } from '@jwt-auth/dev-stack/vitest';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spelledObject, spelledOther } from './spelled-json.fixture.js';
import { parseJsonObject } from './strict-json.js';
import { TokenError } from './token-error.js';

/** What the parser returns; `undefined` if it refuses. Any other error is a failure. */
function parsed(bytes: Buffer): unknown {
  try {
    return parseJsonObject(bytes);
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    expect(error.code).toBe('token_invalid');
    return undefined;
  }
}

/** What JSON.parse makes of bytes that a strict decoder takes for UTF-8; `undefined` if nothing. */
function parsedLeniently(bytes: Buffer): unknown {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

describe('parseJsonObject beside JSON.parse', () => {
  it('reads an object in any spelling, unless it has a fault', () => {
    fc.assert(
      fc.property(spelledObject, (json) => {
        const { text, isTwice, isProto, hasLoneSurrogate, depth } = json;
        const isGood = !isTwice && !isProto && !hasLoneSurrogate && depth <= 64;
        expect(parsed(Buffer.from(text))).toEqual(isGood ? JSON.parse(text) : undefined);
      }),
      runs(600),
    );
  });

  it('refuses whatever is no object', () => {
    fc.assert(
      fc.property(spelledOther, ({ text }) => {
        expect(parsed(Buffer.from(text))).toBeUndefined();
      }),
      runs(300),
    );
  });

  it('reads no bytes in another way, however they are damaged', () => {
    const damage = fc.record({
      at: fc.nat(),
      removed: fc.integer({ min: 0, max: 3 }),
      inserted: fc.oneof(
        fc.uint8Array({ maxLength: 3 }),
        fc
          .constantFrom('"', '\\', '{', '}', ',', ':', ' ', '\ufeff', '0', 'u')
          .map((text) => Buffer.from(text)),
      ),
    });
    fc.assert(
      fc.property(spelledObject, fc.array(damage, { maxLength: 3 }), ({ text }, damages) => {
        const bytes = damages.reduce((whole, { at, removed, inserted }) => {
          const start = at % (whole.length + 1);
          return Buffer.concat([
            whole.subarray(0, start),
            inserted,
            whole.subarray(start + removed),
          ]);
        }, Buffer.from(text));
        const value = parsed(bytes);
        if (value === undefined) return;
        expect(isObject(value)).toBe(true);
        expect(value).toEqual(parsedLeniently(bytes));
      }),
      runs(600),
    );
  });
});
