import type { FactorProof, SecondFactorDemand } from '@jwt-auth/browser';
import { useState } from 'preact/hooks';

import { loginWithFactor } from '../api/session.js';
import { useAction } from '../api/use-action.js';
import { proofOf, signWithPasskey } from '../factors/factor.js';
import { texts } from '../texts.js';
import { Button, Failure, Field } from '../ui/controls.js';

interface FactorFormProps {
  /** @throws ApiError */
  readonly submit: (proof: FactorProof) => Promise<unknown>;
  readonly label: string;
  /** What the browser needs for a passkey; `undefined` for a user who has none. */
  readonly passkeyOptions: (() => Promise<object>) | undefined;
  /** Whether there is anything to type a code of. */
  readonly hasCodes: boolean;
  readonly leaveLabel: string;
  readonly onLeave: () => void;
}

/** A passkey, a code of the authenticator app, or a recovery code. */
export function FactorForm({ submit, label, passkeyOptions, onLeave, ...more }: FactorFormProps) {
  const [typed, setTyped] = useState('');
  const { run, isRunning, error } = useAction();
  const usePasskey = () =>
    run(async () => {
      if (passkeyOptions) await submit({ passkey: await signWithPasskey(await passkeyOptions()) });
    });
  const useCode = (event: Event) => {
    event.preventDefault();
    void run(() => submit(proofOf(typed)));
  };
  return (
    <form onSubmit={useCode}>
      {passkeyOptions && (
        <div class="buttons">
          <Button kind="primary" isBusy={isRunning} onClick={() => void usePasskey()}>
            {texts.factors.usePasskey}
          </Button>
        </div>
      )}
      <Field
        label={more.hasCodes ? texts.factors.code : texts.factors.recoveryCode}
        name="code"
        autoComplete="one-time-code"
        {...(more.hasCodes && { hint: texts.factors.codeHint })}
        hasFocus
        isRequired
        value={typed}
        onInput={setTyped}
        error={error}
      />
      <Failure error={error} />
      <div class="buttons">
        <Button onClick={onLeave}>{more.leaveLabel}</Button>
        <Button type="submit" kind="primary" isBusy={isRunning}>
          {label}
        </Button>
      </div>
    </form>
  );
}

/** The second step of a login. */
export function SecondFactorForm({
  mfa: { ticket, methods, passkey },
  onLeave,
}: {
  readonly mfa: SecondFactorDemand;
  readonly onLeave: () => void;
}) {
  return (
    <FactorForm
      submit={(proof) => loginWithFactor({ ticket, ...proof })}
      label={texts.login.submit}
      passkeyOptions={passkey && (() => Promise.resolve(passkey))}
      hasCodes={methods.includes('totp')}
      leaveLabel={texts.login.startOver}
      onLeave={onLeave}
    />
  );
}
