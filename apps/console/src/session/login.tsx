import type { SecondFactorDemand } from '@jwt-auth/browser';
import { useState } from 'preact/hooks';

import { call } from '../api/api.js';
import { useAction } from '../api/use-action.js';
import { signWithPasskey } from '../factors/passkey.js';
import { useStore } from '../store.js';
import { texts } from '../texts.js';
import { Button, Failure, Field } from '../ui/controls.js';
import { Dialog } from '../ui/dialog.js';
import { AccountEmail } from './account-email.js';
import { ForgotPassword } from './forgot-password.js';
import { Register } from './register.js';
import { SecondFactorForm } from './second-factor.js';
import { login, loginWithPasskey } from './session.js';
import { farewell, logout } from './use-session.js';

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
        <Field
          label={texts.login.password}
          name="password"
          type="password"
          autoComplete="current-password"
          value={password}
          onInput={setPassword}
          error={error}
          hasFocus={known !== ''}
          isRequired
        />
        <Failure error={error} />
        <div class="buttons">
          <Button type="submit" kind="primary" isBusy={isRunning}>
            {texts.login.submit}
          </Button>
          <Button isBusy={isRunning} onClick={() => void usePasskey()}>
            {texts.login.passkey}
          </Button>
          {known !== '' && <Button onClick={() => void logout()}>{texts.login.leave}</Button>}
        </div>
      </form>
      <div class="more buttons">
        <ForgotPassword email={email} />
        {known === '' && <Register email={email} />}
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
