import { useState } from 'preact/hooks';

import { call } from '../api/api.js';
import { identityQuestion, type IdentityAnswer } from '../api/identity.js';
import { stepUp } from '../api/session.js';
import { useQuery } from '../api/use-query.js';
import type { FactorList } from '../factors/factor.js';
import { useStore } from '../store.js';
import { texts } from '../texts.js';
import { Button, Failure, PasswordField } from '../ui/controls.js';
import { Dialog } from '../ui/dialog.js';
import { FormDialog } from '../ui/form-dialog.js';
import { FactorForm } from './second-factor.js';

interface ProofFormProps {
  readonly answer: IdentityAnswer;
}

/** Over the pages, when a change needs a proof that the user is still there. */
export function ConfirmIdentity() {
  const answer = useStore(identityQuestion);
  return answer ? <ProofForm answer={answer} /> : null;
}

/** If the user has a second factor, auth does not accept the password alone. */
function ProofForm({ answer }: ProofFormProps) {
  const factors = useQuery<FactorList>('auth/factors');
  const items = factors.data?.items;
  const cancel = () => answer(false);
  if (!items && factors.error) {
    return (
      <Dialog title={texts.identity.title} onClose={cancel}>
        <Failure error={factors.error} />
        <div class="buttons">
          <Button onClick={cancel}>{texts.cancel}</Button>
        </div>
      </Dialog>
    );
  }
  if (!items) return null;
  if (items.length === 0) return <PasswordProof answer={answer} />;
  const hasPasskey = items.some(({ kind }) => kind === 'passkey');
  return (
    <Dialog title={texts.identity.title} onClose={cancel}>
      <p class="text">{texts.identity.aboutFactor}</p>
      <FactorForm
        submit={async (proof) => {
          await stepUp(proof);
          answer(true);
        }}
        label={texts.identity.submit}
        passkeyOptions={
          hasPasskey ? () => call<object>('auth/step-up/options', { method: 'POST' }) : undefined
        }
        hasCodes={items.some(({ kind }) => kind === 'totp')}
        leaveLabel={texts.cancel}
        onLeave={cancel}
      />
    </Dialog>
  );
}

function PasswordProof({ answer }: ProofFormProps) {
  const [password, setPassword] = useState('');
  const submit = async () => {
    await stepUp({ password });
    answer(true);
  };
  return (
    <FormDialog
      title={texts.identity.title}
      about={texts.identity.aboutPassword}
      label={texts.identity.submit}
      submit={submit}
      done={texts.identity.done}
      onClose={() => answer(false)}
    >
      {(error) => <PasswordField value={password} onInput={setPassword} error={error} hasFocus />}
    </FormDialog>
  );
}
