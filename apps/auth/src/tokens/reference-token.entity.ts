import { Column, Entity, PrimaryColumn } from 'typeorm';

import type { AccessTokenClaims } from './claims.js';

/** An opaque access token that is still worth something, unless it has been revoked. */
@Entity({ name: 'reference_tokens' })
export class ReferenceToken {
  /** SHA-256. The token itself is not kept. */
  @PrimaryColumn({ type: 'bytea' })
  hash!: Buffer;

  @Column({ type: 'jsonb' })
  claims!: AccessTokenClaims;

  /** `exp`. From then on nobody asks for it any more. */
  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt!: Date;
}
