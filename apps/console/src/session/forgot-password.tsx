import { useState } from 'preact/hooks';

import { call } from '../api/api.js';
import { texts } from '../texts.js';
import { DialogButton } from '../ui/dialog.js';
import { FormDialog } from '../ui/form-dialog.js';
import { AccountEmail } from './account-email.js';

interface ForgotPasswordProps {
  /** What is typed already. */
  readonly email: string;
}

/** Has a link mailed that sets a new password. The answer does not say whether there is an account. */
export function ForgotPassword({ email }: ForgotPasswordProps) {
  return (
    <DialogButton label={texts.login.forgot}>
      {(close) => <ForgotForm email={email} onClose={close} />}
    </DialogButton>
  );
}

function ForgotForm({
  email: typed,
  onClose,
}: ForgotPasswordProps & { readonly onClose: () => void }) {
  const [email, setEmail] = useState(typed);
  const body = { email: email.trim() };
  return (
    <FormDialog
      title={texts.login.forgotTitle}
      about={texts.login.forgotText}
      label={texts.login.forgotSubmit}
      submit={() => call('auth/password/forgot', { method: 'POST', body })}
      done={texts.login.forgotSent}
      onClose={onClose}
    >
      {(error) => <AccountEmail value={email} onInput={setEmail} error={error} hasFocus />}
    </FormDialog>
  );
}
