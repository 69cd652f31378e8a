import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * What a client may do.
 *
 * - `client_credentials`: call for itself, with tokens of its own.
 * - `refresh_token`: refresh and end the sessions of people, as the backend of a front end does.
 * - `introspect`: ask what any token is worth.
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

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** Kept for good, so that what its tokens did can be told. It never comes back to life. */
  @Column({ name: 'disabled_at', type: 'timestamptz', nullable: true })
  disabledAt!: Date | null;
}
