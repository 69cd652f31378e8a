import { useState } from 'preact/hooks';

import { call, path } from '../api/api.js';
import { useQuery } from '../api/use-query.js';
import type { FactorList } from '../factors/factor.js';
import { go } from '../routing/route.js';
import { texts } from '../texts.js';
import { Confirm, DialogButton } from '../ui/dialog.js';
import { SecretDialog } from '../ui/form-dialog.js';
import { Card } from '../ui/page.js';
import { Copyable } from '../ui/values.js';
import type { User } from './user.js';

interface UserActionsProps {
  readonly user: User;
  readonly onChanged: () => void;
}

/** What is done to a user as a whole. Each says what it does, and asks. */
export function UserActions({ user, onChanged }: UserActionsProps) {
  const [password, setPassword] = useState<string>();
  const one = path('admin', 'users', user.id);
  const factors = useQuery<FactorList>(`${one}/factors`);
  const hasFactors = (factors.data?.items.length ?? 0) > 0;
  const change = async (disabled: boolean) => {
    await call(one, { method: 'PATCH', body: { disabled } });
    onChanged();
  };
  const words = user.disabled ? texts.users.enable : texts.users.disable;
  return (
    <Card title={texts.users.actions}>
      <div class="buttons">
        <DialogButton label={words.label} kind={user.disabled ? 'plain' : 'danger'}>
          {(close) => (
            <Confirm
              title={words.title}
              label={words.label}
              action={() => change(!user.disabled)}
              done={words.done}
              onClose={close}
            >
              {words.text}
            </Confirm>
          )}
        </DialogButton>
        <DialogButton label={texts.users.newPassword.label} kind="danger">
          {(close) => (
            <Confirm
              title={texts.users.newPassword.title}
              label={texts.users.newPassword.label}
              action={async () => {
                const made = { method: 'PUT', body: {} } as const;
                setPassword((await call<{ password: string }>(`${one}/password`, made)).password);
                onChanged();
              }}
              done={texts.users.newPassword.done}
              onClose={close}
            >
              {texts.users.newPassword.text}
            </Confirm>
          )}
        </DialogButton>
        {hasFactors && (
          <DialogButton label={texts.factors.reset.label} kind="danger">
            {(close) => (
              <Confirm
                title={texts.factors.reset.title}
                label={texts.factors.reset.label}
                action={async () => {
                  await call(`${one}/factors`, { method: 'DELETE' });
                  factors.reload();
                }}
                done={texts.factors.reset.done}
                onClose={close}
              >
                {texts.factors.reset.text}
              </Confirm>
            )}
          </DialogButton>
        )}
        <DialogButton label={texts.users.remove.label} kind="danger">
          {(close) => (
            <Confirm
              title={texts.users.remove.title}
              label={texts.users.remove.label}
              action={async () => {
                await call(one, { method: 'DELETE' });
                go('users');
              }}
              done={texts.users.remove.done}
              onClose={close}
            >
              {texts.users.remove.text}
            </Confirm>
          )}
        </DialogButton>
      </div>
      {password && (
        <SecretDialog title={texts.users.newPassword.shown} onClose={() => setPassword(undefined)}>
          <Copyable text={password} label={texts.login.password} />
        </SecretDialog>
      )}
    </Card>
  );
}
