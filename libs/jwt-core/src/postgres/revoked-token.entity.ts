import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { Revocation, RevocationKind } from '../revocation/revocation.js';

/** Postgres's bigint comes as text; these are seconds, far from where numbers lose precision. */
const seconds = {
  from: (stored: string | null) => (stored === null ? null : Number(stored)),
  to: (value: number | null) => value,
};

/**
 * A revocation in the database, written by `recordRevocations`. TypeORM does not make the table and
 * does not know all of it: see the migration.
 */
@Entity('revoked_tokens', { synchronize: false })
export class RevokedToken implements Omit<Revocation, 'before'> {
  @PrimaryColumn('text')
  readonly kind!: RevocationKind;

  @PrimaryColumn('text')
  readonly id!: string;

  /** When the last token concerned has expired, in seconds since the epoch. */
  @Column('bigint', { transformer: seconds })
  readonly exp!: number;

  /** Only for `client`: its tokens issued up to this second are revoked. */
  @Column('bigint', { nullable: true, transformer: seconds })
  readonly before!: number | null;

  /** When it was recorded, or last extended: the start of that transaction. */
  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  readonly createdAt!: Date;
}
