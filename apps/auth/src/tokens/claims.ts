import { isText } from '@jwt-auth/chassis';
import { z } from 'zod';

/** A JSON object. Its readers check what is in it. */
export type Claims = Readonly<Record<string, NonNullable<unknown> | null>>;

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

/** Claims of one's own, as an administrator gives them: any JSON object of at most 64 KiB. */
export const ClaimsInput = z
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

/**
 * What an access token says of its user, besides `sub`. No member is optional, so that none is
 * forgotten where a token is issued: a claim that may be absent is `z.union([…, z.undefined()])`.
 */
export const UserClaims = z.object({
  /** When the user last proved who they are (RFC 9068 section 2.2.1, RFC 9470). */
  auth_time: z.int(),
  /** By which means (RFC 8176). */
  amr: z.array(z.string()).readonly(),
  /** How well: `mfa` with a second factor. */
  acr: z.enum(['pwd', 'mfa']),
});
export type UserClaims = Readonly<z.infer<typeof UserClaims>>;

/**
 * What an access token of this issuer says (RFC 9068 section 2.2): the payload of a JWT, what is stored
 * beside the hash of a reference token, and what introspection answers.
 */
export const AccessTokenClaims = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.union([z.string(), z.array(z.string()).readonly()]),
  client_id: z.string(),
  /** Seconds since the epoch, like `exp`. */
  iat: z.int(),
  exp: z.int(),
  jti: z.string(),
  /** The number of the client's newest revocation when the token was issued. */
  token_version: z.int(),
  /** Absent when a service calls for itself. */
  sid: z.string().optional(),
  ...UserClaims.partial().shape,
  scope: z.string(),
  roles: z.array(z.string()).readonly(),
  /** What is known of the subject beyond the standard, if anything is. */
  claims: (z.record(z.string(), z.unknown()) as unknown as z.ZodType<Claims>).optional(),
});
export type AccessTokenClaims = Readonly<z.infer<typeof AccessTokenClaims>>;
