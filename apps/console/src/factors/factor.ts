/** A second factor, as auth lists it. */
export interface Factor {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
}

export interface FactorList {
  readonly items: readonly Factor[];
  readonly recoveryCodesLeft: number;
}

/** Recovery codes come with the first factor. */
export interface AddedFactor {
  readonly recoveryCodes?: readonly string[];
}
export type OnAdded = (recoveryCodes: AddedFactor['recoveryCodes']) => void;

/** What a user types: six digits of an authenticator app, in any grouping, or else a recovery code. */
export function proofOf(typed: string): { code: string } | { recoveryCode: string } {
  const text = typed.trim();
  const digits = text.replaceAll(/\s/g, '');
  return /^\d{6}$/.test(digits) ? { code: digits } : { recoveryCode: text };
}
