import { call } from '../api/api.js';
import { texts } from '../texts.js';
import { DialogButton } from '../ui/dialog.js';
import type { AddedFactor, OnAdded } from './factor.js';
import { NameForm } from './name-form.js';
import { createPasskey } from './passkey.js';

/** Adds a passkey of this device, or of one that the browser finds. */
export function AddPasskey({ onAdded }: { readonly onAdded: OnAdded }) {
  const add = async (name: string) => {
    const options = await call<object>('auth/factors/passkeys/options', { method: 'POST' });
    const body = { passkey: await createPasskey(options), name };
    const request = { method: 'POST', body } as const;
    onAdded((await call<AddedFactor>('auth/factors/passkeys', request)).recoveryCodes);
  };
  return (
    <DialogButton label={texts.factors.addPasskey} kind="primary">
      {(close) => (
        <NameForm
          title={texts.factors.addPasskey}
          about={texts.factors.addPasskeyText}
          initial={texts.factors.kinds.passkey}
          submit={add}
          done={texts.factors.passkeyAdded}
          onClose={close}
        />
      )}
    </DialogButton>
  );
}
