import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A count of recent attempts: see `attempt-limits.ts`. */
@Entity({ name: 'login_limits' })
export class LoginLimit {
  @PrimaryColumn({ type: 'text' })
  key!: string;

  /** Attempts that failed or are in progress. */
  @Column({ type: 'integer' })
  failures!: number;

  /** This many attempts start no pause. */
  @Column({ type: 'integer', nullable: true })
  free!: number | null;

  @Column({ name: 'blocked_until', type: 'timestamptz', nullable: true })
  blockedUntil!: Date | null;

  /** From then on the count is 0. */
  @Column({ name: 'forgotten_at', type: 'timestamptz' })
  forgottenAt!: Date;

  /** The last attempt that was counted. */
  @Column({ name: 'attempt_id', type: 'uuid', nullable: true })
  attemptId!: string | null;
}
