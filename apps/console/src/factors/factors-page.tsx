import { useState } from 'preact/hooks';

import { call, path } from '../api/api.js';
import { useQuery } from '../api/use-query.js';
import { texts } from '../texts.js';
import { ConfirmButton } from '../ui/dialog.js';
import { SecretDialog } from '../ui/form-dialog.js';
import { Card, Page, Rows } from '../ui/page.js';
import { Copyable, Time } from '../ui/values.js';
import { AddPasskey } from './add-passkey.js';
import { AddTotp } from './add-totp.js';
import type { Factor, FactorList } from './factor.js';

/** The user's own second factors. */
export function FactorsPage() {
  const factors = useQuery<FactorList>('auth/factors');
  const [codes, setCodes] = useState<readonly string[]>();
  const renewCodes = async () => {
    const made = await call<{ recoveryCodes: string[] }>('auth/factors/recovery-codes', {
      method: 'POST',
    });
    setCodes(made.recoveryCodes);
    void factors.reload();
  };
  const added = (made: readonly string[] | undefined) => {
    setCodes(made);
    void factors.reload();
  };
  const { items, recoveryCodesLeft = 0 } = factors.data ?? {};
  return (
    <Page
      title={texts.factors.title}
      about={texts.factors.about}
      actions={
        <>
          <AddPasskey onAdded={added} />
          <AddTotp onAdded={added} />
        </>
      }
    >
      <Rows items={items} error={factors.error} keyOf={({ id }) => id} label={texts.factors.title}>
        {(factor) => <FactorRow factor={factor} onRemoved={factors.reload} />}
      </Rows>
      {items && items.length > 0 && (
        <Card title={texts.factors.recoveryCodes}>
          <p class="text">{texts.factors.codesLeft(recoveryCodesLeft)}</p>
          <ConfirmButton says={texts.factors.newCodes} action={renewCodes} kind="plain" />
        </Card>
      )}
      {codes && (
        <SecretDialog title={texts.factors.recoveryCodes} onClose={() => setCodes(undefined)}>
          <p class="text">{texts.factors.keepCodes}</p>
          <Copyable text={codes.join('\n')} label={texts.factors.recoveryCodes} />
        </SecretDialog>
      )}
    </Page>
  );
}

function FactorRow({
  factor: { id, kind, name, createdAt, lastUsedAt },
  onRemoved,
}: {
  readonly factor: Factor;
  readonly onRemoved: () => Promise<void>;
}) {
  return (
    <div class="row">
      <div class="grow">
        <p class="row-title">{name}</p>
        <p class="hint">
          {kindInWords(kind)} · {texts.factors.since} <Time at={createdAt} />
          {lastUsedAt && (
            <>
              {' '}
              · {texts.sessions.used} <Time at={lastUsedAt} />
            </>
          )}
        </p>
      </div>
      <div class="buttons">
        <ConfirmButton
          says={texts.factors.remove}
          subject={name}
          action={async () => {
            await call(path('auth', 'factors', id), { method: 'DELETE' });
            await onRemoved();
          }}
        />
      </div>
    </div>
  );
}

const kindInWords = (kind: string) =>
  (texts.factors.kinds as Readonly<Record<string, string>>)[kind] ?? kind;
