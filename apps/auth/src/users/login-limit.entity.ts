import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How often something was attempted lately: see `attempt-limits.ts`. */
@Entity({ name: 'login_limits' })
export class LoginLimit {
  @PrimaryColumn({ type: 'text' })
  key!: string;

  /** Attempts that failed or are under way. */
  @Column({ type: 'integer' })
  failures!: number;

  /** So many start no pause. */
  @Column({ type: 'integer', nullable: true })
  free!: number | null;

  @Column({ name: 'blocked_until', type: 'timestamptz', nullable: true })
  blockedUntil!: Date | null;

  /** When the count starts again at 0. */
  @Column({ name: 'forgotten_at', type: 'timestamptz' })
  forgottenAt!: Date;

  /** The last attempt that was counted. */
  @Column({ name: 'attempt_id', type: 'uuid', nullable: true })
  attemptId!: string | null;
}
