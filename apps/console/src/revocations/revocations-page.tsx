import { useState } from 'preact/hooks';

import { usePages } from '../api/use-pages.js';
import { texts } from '../texts.js';
import { Badge } from '../ui/controls.js';
import { Card, More, Page, Rows } from '../ui/page.js';
import { Time } from '../ui/values.js';
import { ReceiptView } from './receipt-view.js';
import type { Receipt } from './receipt.js';
import { RevokeForm } from './revoke-form.js';
import { ServiceList } from './service-list.js';

interface Revocation {
  readonly kind: keyof typeof texts.revocations.kinds;
  readonly id: string;
  /** Seconds since the epoch. */
  readonly exp: number;
  readonly createdAt: string;
}

/** Revoke something, and see each service apply it. */
export function RevocationsPage() {
  const [receipt, setReceipt] = useState<Receipt>();
  const revocations = usePages<Revocation>('admin/revocations');
  const received = (made: Receipt) => {
    setReceipt(made);
    void revocations.reload();
  };
  return (
    <Page title={texts.revocations.title} about={texts.revocations.about}>
      <RevokeForm onReceipt={received} />
      <div aria-live="polite">{receipt && <ReceiptView receipt={receipt} />}</div>
      <ServiceList />
      <Card title={texts.revocations.list}>
        <Rows
          items={revocations.items}
          error={revocations.error}
          keyOf={({ kind, id, createdAt }) => `${kind} ${id} ${createdAt}`}
          label={texts.revocations.list}
        >
          {({ kind, id, exp, createdAt }) => (
            <>
              <p>
                <Badge>{texts.revocations.kinds[kind]}</Badge> <code>{id}</code>
              </p>
              <p class="hint">
                {texts.revocations.since} <Time at={createdAt} /> · {texts.revocations.until}{' '}
                <Time at={new Date(exp * 1000).toISOString()} />
              </p>
            </>
          )}
        </Rows>
        <More pages={revocations} />
      </Card>
    </Page>
  );
}
