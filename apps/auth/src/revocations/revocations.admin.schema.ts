import { Identifier, pageOf, parseDuration } from '@jwt-auth/chassis';
import { REVOCATION_KINDS } from '@jwt-auth/jwt-core';
import type { RevokedToken } from '@jwt-auth/jwt-core/postgres';
import { z } from 'zod';

import { MAX_RECEIPT_WAIT_MS } from '../receipts/receipts.service.js';
import { ReceiptMembers } from '../receipts/services.schema.js';

const Kind = z.enum(REVOCATION_KINDS);

export const RevocationRequest = z
  .strictObject({
    kind: Kind,
    id: Identifier,
  })
  .meta({ id: 'RevocationRequest' });
export type RevocationRequest = z.infer<typeof RevocationRequest>;

const seconds = (description: string) =>
  z.int().meta({ description: `${description}, in seconds since the epoch` });

/** A revocation, as administrators see it. */
export const RevocationAnswer = z
  .object({
    kind: Kind,
    id: z.string(),
    exp: seconds('when the last token concerned has expired'),
    before: seconds('tokens of the client issued up to then are revoked').optional(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Revocation' });
export type RevocationAnswer = z.infer<typeof RevocationAnswer>;

/** As administrators and users see it. */
export function revocationAnswer({
  kind,
  id,
  exp,
  before,
  createdAt,
}: RevokedToken): RevocationAnswer {
  const instant = before === null ? {} : { before };
  return { kind, id, exp, ...instant, createdAt: createdAt.toISOString() };
}

export const RevocationReceipt = z
  .object({ revocation: RevocationAnswer, ...ReceiptMembers })
  .meta({ id: 'RevocationReceipt' });
export type RevocationReceipt = z.infer<typeof RevocationReceipt>;

/** `?wait=2s`, the same as `Prefer: wait=2`. */
export const ReceiptQuery = z.object({
  wait: z
    .string()
    .refine((wait) => parseDuration(wait) !== undefined, 'expected a duration such as 2s')
    .transform((wait) => Math.min(parseDuration(wait) ?? 0, MAX_RECEIPT_WAIT_MS))
    .optional()
    .meta({ description: 'the same as `Prefer: wait=N`', example: '2s' }),
});
export type ReceiptQuery = z.infer<typeof ReceiptQuery>;

export const RevocationAdminPage = pageOf(RevocationAnswer).meta({ id: 'RevocationAdminPage' });
