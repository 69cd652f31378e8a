import { useState } from 'preact/hooks';

import { call } from '../api/api.js';
import { texts } from '../texts.js';
import { Field } from '../ui/controls.js';
import { DialogButton } from '../ui/dialog.js';
import { FormDialog } from '../ui/form-dialog.js';

/** Has a link mailed to another e-mail, which becomes that of the account by it. */
export function ChangeEmail() {
  return (
    <DialogButton label={texts.account.changeEmail}>
      {(close) => <EmailForm onClose={close} />}
    </DialogButton>
  );
}

function EmailForm({ onClose }: { readonly onClose: () => void }) {
  const [newEmail, setNewEmail] = useState('');
  const body = { newEmail: newEmail.trim() };
  return (
    <FormDialog
      title={texts.account.changeEmail}
      about={texts.account.changeEmailText}
      label={texts.account.changeEmail}
      submit={() => call('auth/email/change', { method: 'POST', body })}
      done={texts.account.emailSent}
      onClose={onClose}
    >
      {(error) => (
        <Field
          label={texts.account.newEmail}
          name="newEmail"
          type="email"
          autoComplete="email"
          value={newEmail}
          onInput={setNewEmail}
          error={error}
          isRequired
          hasFocus
        />
      )}
    </FormDialog>
  );
}
