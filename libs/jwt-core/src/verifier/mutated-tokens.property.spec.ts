import { isFuzzing, runs } from '@jwt-auth/dev-stack/vitest';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { mutation } from './generated-tokens.fixture.js';
import { CLAIMS, HEADER, signed } from './signed-token.fixture.js';
import { TokenError } from './token-error.js';
import { issuerKey, setUp } from './verifier.fixture.js';

const LONGEST_MS = 2;

const originals = Array.from({ length: 50 }, (_, index) =>
  signed(
    HEADER,
    { ...CLAIMS, jti: `jti-${index}`, claims: { padding: 'p'.repeat(17 * index) } },
    issuerKey.privateKey,
  ),
);
const { verifier } = setUp();

async function isAccepted(token: string): Promise<boolean> {
  try {
    await verifier.verify(token);
    return true;
  } catch (error) {
    if (error instanceof TokenError) return false;
    throw new Error(`not typed: ${token}`, { cause: error });
  }
}

/** The shortest of some tries in milliseconds: whatever else the machine does takes time, too. */
async function leastTime(token: string, tries: number): Promise<number> {
  let least = Infinity;
  for (let left = tries; left > 0; left -= 1) {
    const startedAt = performance.now();
    await isAccepted(token);
    least = Math.min(least, performance.now() - startedAt);
  }
  return least;
}

it('accepts no mutated token, refuses each with a typed error, and none takes long', async () => {
  // Remembered, as an attacker who has seen one would find them.
  for (const token of originals) expect(await isAccepted(token)).toBe(true);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...originals),
      fc.constantFrom(...originals),
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
      async (original, another, mutations) => {
        const token = mutations.reduce((text, mutate) => mutate(text, another), original);
        const startedAt = performance.now();
        const accepted = await isAccepted(token);
        const tookMs = performance.now() - startedAt;
        if (accepted !== originals.includes(token)) throw new Error(`accepted: ${token}`);
        if (isFuzzing && tookMs > LONGEST_MS && (await leastTime(token, 10)) > LONGEST_MS) {
          throw new Error(`takes longer than ${LONGEST_MS} ms: ${token}`);
        }
      },
    ),
    runs(5_000, 1_000_000),
  );
});
