import { useState } from 'preact/hooks';

import { proofOf } from '../factors/factor.js';
import { useStore } from '../store.js';
import { texts } from '../texts.js';
import { Field } from '../ui/controls.js';
import { FormDialog } from '../ui/form-dialog.js';
import { identityQuestion, type IdentityQuestion } from './identity.js';
import { FactorField } from './second-factor.js';
import { stepUp } from './session.js';

/** Over the pages, when a change needs a proof that the user is still there. */
export function ConfirmIdentity() {
  const question = useStore(identityQuestion);
  return question ? <ProofForm {...question} /> : null;
}

function ProofForm({ proof, answer }: IdentityQuestion) {
  const [typed, setTyped] = useState('');
  const submit = async () => {
    await stepUp(proof === 'password' ? { password: typed } : proofOf(typed));
    answer(true);
  };
  return (
    <FormDialog
      title={texts.identity.title}
      about={texts.identity.about[proof]}
      label={texts.identity.submit}
      submit={submit}
      done={texts.identity.done}
      onClose={() => answer(false)}
    >
      {(error) =>
        proof === 'factor' ? (
          <FactorField value={typed} onInput={setTyped} error={error} />
        ) : (
          <Field
            label={texts.login.password}
            name="password"
            type="password"
            autoComplete="current-password"
            value={typed}
            onInput={setTyped}
            error={error}
            hasFocus
            isRequired
          />
        )
      }
    </FormDialog>
  );
}
