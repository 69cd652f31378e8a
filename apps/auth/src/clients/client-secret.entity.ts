import { Column, Entity, PrimaryColumn } from 'typeorm';

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
