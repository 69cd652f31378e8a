/** A process that follows the revocation feed. */
interface Follower {
  readonly service: string;
  readonly instance: string;
  readonly version?: string;
}

/** Who has applied a revocation, and who has not within the time that was waited. */
export interface Receipt {
  readonly revocation: { readonly kind: string; readonly id: string };
  readonly applied: readonly (Follower & { readonly afterMs: number })[];
  readonly pending: readonly Follower[];
}

/** As `GET /admin/services` lists it. */
export interface Service extends Follower {
  readonly state: 'blind' | 'fresh' | 'stale';
  readonly lagMs: number | null;
  readonly lastSeenAt: string;
}

export const keyOf = ({ service, instance }: Follower) => `${service}/${instance}`;

/** The fastest first. */
export const inOrder = ({ applied }: Receipt) =>
  [...applied].sort((one, other) => one.afterMs - other.afterMs);
