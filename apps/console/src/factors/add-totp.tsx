import { useState } from 'preact/hooks';

import { call } from '../api/api.js';
import { texts } from '../texts.js';
import { Field } from '../ui/controls.js';
import { DialogButton } from '../ui/dialog.js';
import { FormDialog } from '../ui/form-dialog.js';
import { Copyable } from '../ui/values.js';
import type { AddedFactor, OnAdded } from './factor.js';
import { NameForm } from './name-form.js';

/** What an app needs to show codes. Auth shows it once. */
interface TotpKey {
  readonly secret: string;
  readonly qrCode: string;
}

/** Adds an authenticator app: first its name, then a code that it shows. */
export function AddTotp({ onAdded }: { readonly onAdded: OnAdded }) {
  const [totp, setTotp] = useState<TotpKey>();
  const start = async (name: string) => {
    setTotp(await call<TotpKey>('auth/factors/totp', { method: 'POST', body: { name } }));
  };
  return (
    <>
      <DialogButton label={texts.factors.add} kind="primary">
        {(close) => (
          <NameForm
            title={texts.factors.add}
            about={texts.factors.addText}
            initial={texts.factors.kinds.totp}
            submit={start}
            onClose={close}
          />
        )}
      </DialogButton>
      {totp && <CodeForm totp={totp} onAdded={onAdded} onClose={() => setTotp(undefined)} />}
    </>
  );
}

function CodeForm({
  totp: { secret, qrCode },
  onAdded,
  onClose,
}: {
  readonly totp: TotpKey;
  readonly onAdded: OnAdded;
  readonly onClose: () => void;
}) {
  const [code, setCode] = useState('');
  const submit = async () => {
    const request = { method: 'POST', body: { code } } as const;
    const added = await call<AddedFactor>('auth/factors/totp/confirm', request);
    onAdded(added.recoveryCodes);
  };
  return (
    <FormDialog
      title={texts.factors.add}
      about={texts.factors.scan}
      label={texts.factors.confirm}
      submit={submit}
      done={texts.factors.added}
      onClose={onClose}
    >
      {(error) => (
        <>
          <img class="qr" src={qrCode} alt={texts.factors.qrCode} />
          <Copyable text={secret} label={texts.factors.secret} />
          <Field
            label={texts.factors.code}
            name="code"
            autoComplete="one-time-code"
            value={code}
            onInput={setCode}
            error={error}
            hasFocus
            isRequired
          />
        </>
      )}
    </FormDialog>
  );
}
