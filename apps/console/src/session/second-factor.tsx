import type { SecondFactorDemand } from '@jwt-auth/browser';
import { useState } from 'preact/hooks';

import type { ApiError } from '../api/problem.js';
import { useAction } from '../api/use-action.js';
import { proofOf } from '../factors/factor.js';
import { texts } from '../texts.js';
import { Button, Failure, Field } from '../ui/controls.js';
import { loginWithFactor } from './session.js';

interface FactorFieldProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly error: ApiError | undefined;
}

/** For a code of the authenticator app, or a recovery code. */
export function FactorField(props: FactorFieldProps) {
  return (
    <Field
      label={texts.factors.code}
      name="code"
      autoComplete="one-time-code"
      hint={texts.factors.codeHint}
      hasFocus
      isRequired
      {...props}
    />
  );
}

/** The second step of a login. */
export function SecondFactorForm({
  mfa: { ticket },
  onLeave,
}: {
  readonly mfa: SecondFactorDemand;
  readonly onLeave: () => void;
}) {
  const [typed, setTyped] = useState('');
  const { run, isRunning, error } = useAction();
  const submit = (event: Event) => {
    event.preventDefault();
    void run(() => loginWithFactor({ ticket, ...proofOf(typed) }));
  };
  return (
    <form onSubmit={submit}>
      <FactorField value={typed} onInput={setTyped} error={error} />
      <Failure error={error} />
      <div class="buttons">
        <Button type="submit" kind="primary" isBusy={isRunning}>
          {texts.login.submit}
        </Button>
        <Button onClick={onLeave}>{texts.login.startOver}</Button>
      </div>
    </form>
  );
}
