import { useState } from 'preact/hooks';

import { call } from '../api/api.js';
import { useMe } from '../session/me.js';
import { texts } from '../texts.js';
import { Field } from '../ui/controls.js';
import { DialogButton } from '../ui/dialog.js';
import { FormDialog } from '../ui/form-dialog.js';

/** Another password, for a user who knows the present one. */
export function ChangePassword() {
  return (
    <DialogButton label={texts.account.changePassword}>
      {(close) => <PasswordForm onClose={close} />}
    </DialogButton>
  );
}

function PasswordForm({ onClose }: { readonly onClose: () => void }) {
  const { email } = useMe();
  const [currentPassword, setCurrentPassword] = useState('');
  const [newPassword, setNewPassword] = useState('');
  const body = { currentPassword, newPassword };
  return (
    <FormDialog
      title={texts.account.changePassword}
      about={texts.account.passwordText}
      label={texts.account.changePassword}
      submit={() => call('auth/password', { method: 'PUT', body })}
      done={texts.account.passwordChanged}
      onClose={onClose}
    >
      {(error) => (
        <>
          {/* For password managers, which keep the new password under it. */}
          <input
            type="text"
            name="username"
            autocomplete="username"
            value={email}
            hidden
            readonly
          />
          <Field
            label={texts.account.currentPassword}
            name="currentPassword"
            type="password"
            autoComplete="current-password"
            value={currentPassword}
            onInput={setCurrentPassword}
            error={error}
            isRequired
            hasFocus
          />
          <Field
            label={texts.account.newPassword}
            name="newPassword"
            type="password"
            autoComplete="new-password"
            hint={texts.users.passwordHint}
            value={newPassword}
            onInput={setNewPassword}
            error={error}
            isRequired
          />
        </>
      )}
    </FormDialog>
  );
}
