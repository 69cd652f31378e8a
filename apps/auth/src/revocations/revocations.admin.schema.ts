import { Identifier, pageOf } from '@jwt-auth/chassis';
import { REVOCATION_KINDS } from '@jwt-auth/jwt-core';
import { z } from 'zod';

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

export const RevocationAdminPage = pageOf(RevocationAnswer).meta({ id: 'RevocationAdminPage' });
