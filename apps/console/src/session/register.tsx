import { useState } from 'preact/hooks';

import { call } from '../api/api.js';
import { texts } from '../texts.js';
import { announce } from '../ui/announcements.js';
import { Field } from '../ui/controls.js';
import { DialogButton } from '../ui/dialog.js';
import { FormDialog } from '../ui/form-dialog.js';
import { AccountEmail } from './account-email.js';
import { login } from './session.js';

interface RegisterProps {
  /** What is typed already. */
  readonly email: string;
}

/** Makes an account and logs in. Where the e-mail has to be verified before that, a link is mailed. */
export function Register({ email }: RegisterProps) {
  return (
    <DialogButton label={texts.login.register}>
      {(close) => <RegisterForm email={email} onClose={close} />}
    </DialogButton>
  );
}

function RegisterForm({ email: typed, onClose }: RegisterProps & { readonly onClose: () => void }) {
  const [email, setEmail] = useState(typed);
  const [password, setPassword] = useState('');
  const register = async () => {
    const body = { email: email.trim(), password };
    const { id } = await call<{ readonly id?: string }>('auth/register', { method: 'POST', body });
    // Without an id, the answer is the same for an e-mail that has an account already.
    if (id === undefined) return announce(texts.login.registrationSent);
    await login(body);
    announce(texts.login.registered);
  };
  return (
    <FormDialog
      title={texts.login.register}
      label={texts.login.register}
      submit={register}
      onClose={onClose}
    >
      {(error) => (
        <>
          <AccountEmail value={email} onInput={setEmail} error={error} hasFocus />
          <Field
            label={texts.login.password}
            name="password"
            type="password"
            autoComplete="new-password"
            value={password}
            onInput={setPassword}
            error={error}
            isRequired
          />
        </>
      )}
    </FormDialog>
  );
}
