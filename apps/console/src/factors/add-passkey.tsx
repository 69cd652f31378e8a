import { useState } from 'preact/hooks';

import { call } from '../api/api.js';
import { texts } from '../texts.js';
import { Field } from '../ui/controls.js';
import { DialogButton } from '../ui/dialog.js';
import { FormDialog } from '../ui/form-dialog.js';
import { createPasskey } from './passkey.js';
import type { OnAdded } from './factor.js';

/** Adds a passkey of this device, or of one that the browser finds. */
export function AddPasskey({ onAdded }: { readonly onAdded: OnAdded }) {
  return (
    <DialogButton label={texts.factors.addPasskey} kind="primary">
      {(close) => <PasskeyForm onAdded={onAdded} onClose={close} />}
    </DialogButton>
  );
}

function PasskeyForm({
  onAdded,
  onClose,
}: {
  readonly onAdded: OnAdded;
  readonly onClose: () => void;
}) {
  const [name, setName] = useState<string>(texts.factors.kinds.passkey);
  const submit = async () => {
    const options = await call<object>('auth/factors/passkeys/options', { method: 'POST' });
    const body = { passkey: await createPasskey(options), name };
    const added = await call<{ recoveryCodes?: string[] }>('auth/factors/passkeys', {
      method: 'POST',
      body,
    });
    onAdded(added.recoveryCodes);
  };
  return (
    <FormDialog
      title={texts.factors.addPasskey}
      about={texts.factors.addPasskeyText}
      label={texts.factors.next}
      submit={submit}
      done={texts.factors.passkeyAdded}
      onClose={onClose}
    >
      {(error) => (
        <Field
          label={texts.factors.name}
          name="name"
          value={name}
          onInput={setName}
          error={error}
          hasFocus
          isRequired
        />
      )}
    </FormDialog>
  );
}
