import { texts } from '../texts.js';
import { Badge } from '../ui/controls.js';
import { Card } from '../ui/page.js';
import { inMilliseconds } from '../ui/time.js';
import { inOrder, keyOf, type Receipt } from './receipt.js';

/** The promise of this project on one picture: which service refused the token after how long. */
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
