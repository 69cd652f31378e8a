import type { SecondFactorDemand } from '@jwt-auth/browser';
import { useState } from 'preact/hooks';

import { announce } from '../announcements.js';
import { call } from '../api/api.js';
import { login, loginWithPasskey } from '../api/session.js';
import { useAction } from '../api/use-action.js';
import { farewell, logout } from '../api/use-session.js';
import { signWithPasskey } from '../factors/factor.js';
import { useStore } from '../store.js';
import { texts } from '../texts.js';
import { Button, Failure, Field, PasswordField, type FieldProps } from '../ui/controls.js';
import { Dialog, DialogButton } from '../ui/dialog.js';
import { FormDialog } from '../ui/form-dialog.js';
import { SecondFactorForm } from './second-factor.js';

/** The form that starts a session. @param email of the user who was logged in before */
function LoginForm({ email: known = '' }: { readonly email?: string }) {
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState('');
  const [mfa, setMfa] = useState<SecondFactorDemand>();
  const { run, isRunning, error } = useAction();
  const submit = async (event: Event) => {
    event.preventDefault();
    if (await run(async () => setMfa(await login({ email: email.trim(), password })))) {
      setPassword('');
    }
  };
  const usePasskey = () =>
    run(async () => {
      const request = { method: 'POST', body: {} } as const;
      const options = await call<object>('auth/login/passkey/options', request);
      await loginWithPasskey({ passkey: await signWithPasskey(options) });
    });
  if (mfa) return <SecondFactorForm mfa={mfa} onLeave={() => setMfa(undefined)} />;
  return (
    <>
      <form onSubmit={(event) => void submit(event)}>
        <AccountEmail value={email} onInput={setEmail} error={error} hasFocus={known === ''} />
        <PasswordField
          value={password}
          onInput={setPassword}
          error={error}
          hasFocus={known !== ''}
        />
        <Failure error={error} />
        <div class="buttons start">
          <Button type="submit" kind="primary" isBusy={isRunning}>
            {texts.login.submit}
          </Button>
          <Button isBusy={isRunning} onClick={() => void usePasskey()}>
            {texts.login.passkey}
          </Button>
          {known !== '' && <Button onClick={() => void logout()}>{texts.login.leave}</Button>}
        </div>
      </form>
      <div class="more buttons start">
        <DialogButton label={texts.login.forgot}>
          {(close) => <ForgotForm email={email} onClose={close} />}
        </DialogButton>
        {known === '' && (
          <DialogButton label={texts.login.register}>
            {(close) => <RegisterForm email={email} onClose={close} />}
          </DialogButton>
        )}
      </div>
    </>
  );
}

export function LoginPage() {
  const text = useStore(farewell);
  return (
    <main class="login">
      <h1>{texts.name}</h1>
      <p class="about">{texts.login.about}</p>
      {text && <p class="notice">{text}</p>}
      <LoginForm />
    </main>
  );
}

/** Over the pages, when the session has ended: what was typed is still there after the login. */
export function LoginAgain({ email }: { readonly email: string }) {
  return (
    <Dialog title={texts.login.again}>
      <p class="text">{texts.login.nothingLost}</p>
      <LoginForm email={email} />
    </Dialog>
  );
}

interface AccountFormProps {
  /** What is typed already. */
  readonly email: string;
  readonly onClose: () => void;
}

/** Makes an account and logs in. Where the e-mail has to be verified before that, a link is mailed. */
function RegisterForm({ email: typed, onClose }: AccountFormProps) {
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
          <PasswordField isNew value={password} onInput={setPassword} error={error} />
        </>
      )}
    </FormDialog>
  );
}

/** Has a link mailed that sets a new password. The answer does not say whether there is an account. */
function ForgotForm({ email: typed, onClose }: AccountFormProps) {
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

/** The e-mail of the user's own account, which a browser may fill in. */
function AccountEmail(field: Pick<FieldProps, 'value' | 'onInput' | 'error' | 'hasFocus'>) {
  return (
    <Field
      {...field}
      label={texts.email}
      name="email"
      type="email"
      autoComplete="username"
      isRequired
    />
  );
}
