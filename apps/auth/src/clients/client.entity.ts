import { Column, Entity, PrimaryColumn } from 'typeorm';

import type { CustomClaims } from '../custom-claims.js';

/**
 * What a client may do.
 *
 * - `client_credentials`: call for itself, with tokens of its own.
 * - `refresh_token`: refresh and end the sessions of users, as the backend of a front end does.
 * - `introspect`: ask what a token for one of its audiences is worth.
 */
export const CLIENT_GRANTS = ['client_credentials', 'refresh_token', 'introspect'] as const;
export type ClientGrant = (typeof CLIENT_GRANTS)[number];

/** A service that authenticates itself with a secret. */
@Entity({ name: 'clients' })
export class Client {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text', array: true })
  grants!: ClientGrant[];

  /** The most that a token of its own can be good for. */
  @Column({ type: 'text', array: true })
  scopes!: string[];

  /** The `aud` of its own tokens, and of those that it may introspect. Empty: the setting `AUDIENCE`. */
  @Column({ type: 'text', array: true })
  audiences!: string[];

  /** Travels in its own access tokens under `claims`. */
  @Column({ type: 'jsonb' })
  claims!: CustomClaims;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** Is not known, and gets nothing, until it is enabled again. */
  @Column({ name: 'is_disabled', type: 'boolean' })
  isDisabled!: boolean;

  /** The row stays, as tokens and events name its id. A deleted client is never restored. */
  @Column({ name: 'deleted_at', type: 'timestamptz', nullable: true })
  deletedAt!: Date | null;
}

/** Those that are meant when the client has none of its own. */
export function audiencesOf({ audiences }: Client, usual: string): readonly string[] {
  return audiences.length > 0 ? audiences : [usual];
}

/** One of the secrets of a client. */
@Entity({ name: 'client_secrets' })
export class ClientSecret {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ name: 'client_id', type: 'uuid' })
  clientId!: string;

  /** SHA-256. Of 256 random bits nothing can be guessed, so that a slow hash has no use. */
  @Column({ type: 'bytea' })
  hash!: Buffer;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
