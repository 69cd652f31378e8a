import { useState } from 'preact/hooks';

import { call, download } from '../api/api.js';
import { useMe } from '../api/me.js';
import { useAction } from '../api/use-action.js';
import { logout } from '../api/use-session.js';
import { texts } from '../texts.js';
import { Badge, Button, Failure, Field, PasswordField } from '../ui/controls.js';
import { ConfirmButton, DialogButton } from '../ui/dialog.js';
import { FormDialog } from '../ui/form-dialog.js';
import { Card, Page } from '../ui/page.js';
import { exactly } from '../ui/values.js';

/** What users do with their own account. */
export function AccountPage() {
  return (
    <Page title={texts.account.title} about={texts.account.about}>
      <EmailCard />
      <Card title={texts.password}>
        <p class="text">{texts.account.passwordText}</p>
        <div class="buttons">
          <DialogButton label={texts.account.changePassword}>
            {(close) => <PasswordForm onClose={close} />}
          </DialogButton>
        </div>
      </Card>
      <ExportCard />
      <DeletionCard />
    </Page>
  );
}

function EmailCard() {
  const { email, emailVerified } = useMe();
  const { run, isRunning, error } = useAction();
  const sendLink = () =>
    run(() => call('auth/email/verify/resend', { method: 'POST' }), texts.account.verifySent);
  return (
    <Card title={texts.email}>
      <p class="text">
        {email}{' '}
        <Badge tone={emailVerified ? 'good' : 'warning'}>
          {emailVerified ? texts.account.verified : texts.unverified}
        </Badge>
      </p>
      <Failure error={error} />
      <div class="buttons">
        <DialogButton label={texts.account.changeEmail}>
          {(close) => <EmailForm onClose={close} />}
        </DialogButton>
        {!emailVerified && (
          <Button isBusy={isRunning} onClick={() => void sendLink()}>
            {texts.account.verify}
          </Button>
        )}
      </div>
    </Card>
  );
}

function ExportCard() {
  const { run, isRunning, error } = useAction();
  const save = () => run(() => download('auth/me/export', 'account.json'), texts.account.exported);
  return (
    <Card title={texts.account.export}>
      <p class="text">{texts.account.exportText}</p>
      <Failure error={error} />
      <div class="buttons">
        <Button isBusy={isRunning} onClick={() => void save()}>
          {texts.account.exportButton}
        </Button>
      </div>
    </Card>
  );
}

function DeletionCard() {
  const { email } = useMe();
  const remove = async () => {
    const { deleteAt } = await call<{ deleteAt: string }>('auth/me', {
      method: 'DELETE',
      headers: { prefer: 'return=representation' },
    });
    await logout(texts.account.removed(email, exactly(deleteAt)));
  };
  return (
    <Card title={texts.account.remove}>
      <p class="text">{texts.account.removeText}</p>
      <div class="buttons">
        <ConfirmButton says={texts.account.confirmRemove} action={remove} />
      </div>
    </Card>
  );
}

/** Has a link mailed to another e-mail, which becomes that of the account by it. */
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

/** Another password, for a user who knows the present one. */
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
          <PasswordField
            label={texts.account.currentPassword}
            name="currentPassword"
            value={currentPassword}
            onInput={setCurrentPassword}
            error={error}
            hasFocus
          />
          <PasswordField
            isNew
            label={texts.account.newPassword}
            name="newPassword"
            value={newPassword}
            onInput={setNewPassword}
            error={error}
          />
        </>
      )}
    </FormDialog>
  );
}
