import { useState } from 'preact/hooks';

import { call, path } from '../api/api.js';
import { useQuery } from '../api/use-query.js';
import type { FactorList } from '../factors/factor.js';
import { go } from '../routing/route.js';
import { LiveTokens } from '../sessions/live-tokens.js';
import { texts } from '../texts.js';
import { ConfirmButton } from '../ui/dialog.js';
import { SecretDialog } from '../ui/form-dialog.js';
import { Card } from '../ui/page.js';
import { Copyable } from '../ui/values.js';
import type { User } from './user.js';

interface UserActionsProps {
  readonly user: User;
  readonly onChanged: () => Promise<void>;
}

/** What is done to a user as a whole. Each says what it does, and asks. */
export function UserActions({ user, onChanged }: UserActionsProps) {
  const [password, setPassword] = useState<string>();
  const one = path('admin', 'users', user.id);
  const factors = useQuery<FactorList>(`${one}/factors`);
  const hasFactors = (factors.data?.items.length ?? 0) > 0;
  const disable = (disabled: boolean) => async () => {
    await call(one, { method: 'PATCH', body: { disabled } });
    await onChanged();
  };
  const replacePassword = async () => {
    const made = { method: 'PUT', body: {} } as const;
    setPassword((await call<{ password: string }>(`${one}/password`, made)).password);
    void onChanged();
  };
  const askForPassword = (required: boolean) => async () => {
    await call(`${one}/password/reset`, { method: 'POST', body: { required } });
    await onChanged();
  };
  const resetFactors = async () => {
    await call(`${one}/factors`, { method: 'DELETE' });
    await factors.reload();
  };
  const remove = async () => {
    await call(one, { method: 'DELETE' });
    go('users');
  };
  const ended = <LiveTokens userId={user.id} />;
  return (
    <Card title={texts.users.actions}>
      <div class="buttons">
        {user.disabled ? (
          <ConfirmButton
            says={user.deleteAt ? texts.users.restore : texts.users.enable}
            action={disable(false)}
            kind="plain"
          />
        ) : (
          <>
            <ConfirmButton
              says={texts.users.sendReset}
              action={askForPassword(false)}
              kind="plain"
            />
            <ConfirmButton says={texts.users.requirePassword} action={askForPassword(true)}>
              {ended}
            </ConfirmButton>
            <ConfirmButton says={texts.users.disable} action={disable(true)}>
              {ended}
            </ConfirmButton>
          </>
        )}
        <ConfirmButton says={texts.users.newPassword} action={replacePassword}>
          {ended}
        </ConfirmButton>
        {hasFactors && (
          <ConfirmButton says={texts.factors.reset} action={resetFactors}>
            {ended}
          </ConfirmButton>
        )}
        <ConfirmButton says={texts.users.remove} action={remove}>
          {ended}
        </ConfirmButton>
      </div>
      {password && (
        <SecretDialog title={texts.users.newPassword.shown} onClose={() => setPassword(undefined)}>
          <Copyable text={password} label={texts.login.password} />
        </SecretDialog>
      )}
    </Card>
  );
}
