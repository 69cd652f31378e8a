import { isText } from '@jwt-auth/chassis';
import { z } from 'zod';

/**
 * The column `claims` of users and clients: what administrators add to their tokens, under `claims`. A JSON
 * object. Its readers check what is in it.
 */
export type CustomClaims = Readonly<Record<string, NonNullable<unknown> | null>>;

const MAX_BYTES = 65_536;

/** Of a request with such claims beside other members: JSON has several spellings of the same. */
export const MAX_CLAIMS_REQUEST_BYTES = 131_072;

const MAX_DEPTH = 32;

/** Code that copies members by assignment would change a prototype by these. */
const isHarmless = (name: string): boolean => name !== '__proto__' && name !== 'constructor';

/** Members first, so that what lies too deep is met before anything recurses into it. */
function isSound(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return isText(value);
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return (
    depth < MAX_DEPTH &&
    Object.entries(value).every(
      ([name, member]) => isHarmless(name) && isText(name) && isSound(member, depth + 1),
    )
  );
}

/** As an administrator gives them: any JSON object of at most 64 KiB. */
export const CustomClaimsInput = z
  // Not z.custom(), which no JSON Schema can describe: the document of the API would be an error.
  .record(z.string(), z.unknown() as z.ZodType<NonNullable<unknown> | null>)
  .refine((claims) => isSound(claims), {
    error: `expected well-formed text, finite numbers, at most ${MAX_DEPTH} levels and no prototypes`,
    abort: true,
  })
  .refine((claims) => Buffer.byteLength(JSON.stringify(claims)) <= MAX_BYTES, {
    error: `expected at most ${MAX_BYTES} bytes of JSON`,
  })
  .meta({ description: 'any JSON object of at most 64 KiB' });
