import { Column, Entity, PrimaryColumn } from 'typeorm';

import type { ExportedColumns } from '../exported-rows.js';

/** What a link that was mailed to a user is good for. */
export type LinkPurpose = 'verify-email' | 'reset-password' | 'confirm-email' | 'restore-account';

/** The latest link of a purpose. It works once. */
@Entity({ name: 'account_links' })
export class AccountLink {
  @PrimaryColumn({ name: 'user_id', type: 'uuid' })
  userId!: string;

  @PrimaryColumn({ type: 'text' })
  purpose!: LinkPurpose;

  /** SHA-256. The token itself is not kept. */
  @Column({ type: 'bytea' })
  hash!: Buffer;

  /** Where it was sent. For `confirm-email` that is the new one of the account. */
  @Column({ type: 'text' })
  email!: string;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt!: Date;
}

export const LINK_EXPORT = {
  userId: 'not: of the account',
  purpose: true,
  hash: 'not: finds the link',
  email: true,
  expiresAt: true,
} as const satisfies ExportedColumns<AccountLink>;
