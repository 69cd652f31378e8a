import { call, download } from '../api/api.js';
import { useAction } from '../api/use-action.js';
import { useMe } from '../session/me.js';
import { logout } from '../session/use-session.js';
import { texts } from '../texts.js';
import { Badge, Button, Failure } from '../ui/controls.js';
import { ConfirmButton } from '../ui/dialog.js';
import { Card, Page } from '../ui/page.js';
import { exactly } from '../ui/values.js';
import { ChangeEmail } from './change-email.js';
import { ChangePassword } from './change-password.js';

/** What users do with their own account. */
export function AccountPage() {
  return (
    <Page title={texts.account.title} about={texts.account.about}>
      <EmailCard />
      <Card title={texts.account.password}>
        <p class="text">{texts.account.passwordText}</p>
        <div class="buttons">
          <ChangePassword />
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
    <Card title={texts.account.email}>
      <p class="text">
        {email}{' '}
        <Badge tone={emailVerified ? 'good' : 'warning'}>
          {emailVerified ? texts.account.verified : texts.unverified}
        </Badge>
      </p>
      <Failure error={error} />
      <div class="buttons">
        <ChangeEmail />
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
