import { texts } from '../texts.js';
import { Badge } from '../ui/controls.js';
import { Card } from '../ui/page.js';
import { inMilliseconds } from '../ui/time.js';

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

/** How long each service took until it refused the token, as bars. */
export function ReceiptView({ receipt }: { readonly receipt: Receipt }) {
  const applied = inOrder(receipt);
  const slowest = Math.max(1, ...applied.map(({ afterMs }) => afterMs));
  return (
    <Card title={texts.revocations.receipt(applied.length, receipt.pending.length)}>
      <p class="hint">
        <code>
          {receipt.revocation.kind} {receipt.revocation.id}
        </code>
      </p>
      <ul class="bars" aria-label={texts.revocations.services}>
        {applied.map((follower) => (
          <li key={keyOf(follower)}>
            <span class="bar-name">{keyOf(follower)}</span>
            <span class="bar" aria-hidden="true">
              <span style={{ width: `max(3px, ${(follower.afterMs / slowest) * 100}%)` }} />
            </span>
            <strong>{inMilliseconds(follower.afterMs)}</strong>
          </li>
        ))}
        {receipt.pending.map((follower) => (
          <li key={keyOf(follower)}>
            <span class="bar-name">{keyOf(follower)}</span>
            <Badge tone="bad">{texts.revocations.pending}</Badge>
          </li>
        ))}
      </ul>
      {receipt.pending.length > 0 && <p class="hint">{texts.revocations.pendingHint}</p>}
    </Card>
  );
}
