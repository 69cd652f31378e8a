import { z } from 'zod';

import type { Factor } from './factor.entity.js';
import { FactorName, PasskeyAssertion } from './passkey.schema.js';

const MAX_TYPED = 64;
const typed = z.string().max(MAX_TYPED);

/** Of an authenticator app: six digits, also as it shows them, in two groups. */
export const TotpCode = typed
  .regex(/^\s*(?:\d\s*){6}$/, 'expected six digits')
  .transform((text) => text.replaceAll(/\s/g, ''))
  .meta({ id: 'TotpCode', example: '123456' });

/** In the one form that is hashed, however it is typed. Other text is nobody's code. */
export const TypedRecoveryCode = typed
  .min(1)
  .transform((text) => text.toLowerCase().replaceAll(/[\s-]/g, ''))
  .meta({ id: 'RecoveryCode' });

/** What proves a second factor. */
export const FACTOR_PROOF = {
  code: TotpCode.optional(),
  recoveryCode: TypedRecoveryCode.optional(),
  passkey: PasskeyAssertion.optional(),
} as const;

/** One of these, or none. */
export interface FactorProof {
  readonly code?: string | undefined;
  readonly recoveryCode?: string | undefined;
  readonly passkey?: PasskeyAssertion | undefined;
}

/** How a user can prove one. */
export const ProofKind = z.enum(['totp', 'passkey', 'recovery-code']);
export type ProofKind = z.infer<typeof ProofKind>;

export const proofsIn = ({ code, recoveryCode, passkey }: FactorProof): number =>
  [code, recoveryCode, passkey].filter((proof) => proof !== undefined).length;

export const NewTotp = z
  .object({ name: FactorName.default('Authenticator app') })
  .meta({ id: 'NewTotp' })
  .default({ name: 'Authenticator app' });
export type NewTotp = z.infer<typeof NewTotp>;

/** What an authenticator app needs. Shown this once. */
export const TotpKey = z
  .object({
    secret: z.string().meta({ description: 'base32, to type' }),
    uri: z.string().meta({ description: 'otpauth://totp/…' }),
    qrCode: z.string().meta({ description: 'The URI as a picture: data:image/svg+xml;base64,…' }),
    /** Seconds until it can no longer be confirmed. */
    expiresIn: z.int(),
  })
  .meta({ id: 'TotpKey' });
export type TotpKey = z.infer<typeof TotpKey>;

export const TotpConfirmation = z.object({ code: TotpCode }).meta({ id: 'TotpConfirmation' });
export type TotpConfirmation = z.infer<typeof TotpConfirmation>;

export const FactorAnswer = z
  .object({
    id: z.uuid(),
    kind: z.enum(['totp', 'passkey']),
    name: z.string(),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Factor' });
export type FactorAnswer = z.infer<typeof FactorAnswer>;

/** Lists the members, so that no other column is ever sent. */
export function factorAnswer({ id, kind, name, createdAt, lastUsedAt }: Factor): FactorAnswer {
  return {
    id,
    kind,
    name,
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}

export const FactorList = z
  .object({
    items: z.array(FactorAnswer),
    recoveryCodesLeft: z.int(),
    requiredBy: z
      .array(z.string())
      .meta({ description: 'Roles of the user that tokens name only after a second factor' }),
  })
  .meta({ id: 'FactorList' });
export type FactorList = z.infer<typeof FactorList>;

const shownCodes = z.array(z.string()).meta({ description: 'Shown this once. Each works once' });

/** With the first factor come recovery codes. */
export const AddedFactor = FactorAnswer.extend({ recoveryCodes: shownCodes.optional() }).meta({
  id: 'AddedFactor',
});
export type AddedFactor = z.infer<typeof AddedFactor>;

export const RecoveryCodes = z.object({ recoveryCodes: shownCodes }).meta({ id: 'RecoveryCodes' });
export type RecoveryCodes = z.infer<typeof RecoveryCodes>;
