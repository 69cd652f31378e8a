import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A network (see `networkOf`) from which a user has logged in. */
@Entity({ name: 'known_networks' })
export class KnownNetwork {
  @PrimaryColumn({ name: 'user_id', type: 'uuid' })
  userId!: string;

  @PrimaryColumn({ type: 'text' })
  network!: string;

  /** To the day: it is not written at each login. */
  @Column({ name: 'last_login_at', type: 'timestamptz' })
  lastLoginAt!: Date;
}
