import { useState } from 'preact/hooks';

import { RoleChoices } from '../access/choices.js';
import { announce } from '../announcements.js';
import { call, path } from '../api/api.js';
import { useMe } from '../api/me.js';
import { useAction } from '../api/use-action.js';
import { useQuery } from '../api/use-query.js';
import type { FactorList } from '../factors/factor.js';
import { go } from '../routing/route.js';
import { LiveTokens } from '../sessions/live-tokens.js';
import { SessionList, type ListedSession } from '../sessions/sessions-page.js';
import { texts } from '../texts.js';
import { Badge, Button, Failure, Field } from '../ui/controls.js';
import { Confirm, ConfirmButton } from '../ui/dialog.js';
import { SecretDialog } from '../ui/form-dialog.js';
import { asObject, asText, changesOf } from '../ui/form-values.js';
import { Card, Page, Pending } from '../ui/page.js';
import { Copyable, exactly } from '../ui/values.js';
import { Standing, type User } from './user.js';

/** One user: roles, claims, sessions, and what can be done. */
export function UserPage({ id }: { readonly id: string }) {
  const user = useQuery<User>(path('admin', 'users', id));
  const [changes, setChanges] = useState(0);
  const changed = async () => {
    await user.reload();
    setChanges((count) => count + 1);
  };
  if (!user.data) {
    return (
      <Page title={texts.users.one} about={texts.users.oneAbout}>
        <Pending error={user.error} />
      </Page>
    );
  }
  const { email, emailVerified, deleteAt } = user.data;
  return (
    <Page title={email} about={texts.users.oneAbout}>
      <p class="text">
        <Standing user={user.data} />{' '}
        {emailVerified === false && <Badge tone="warning">{texts.unverified}</Badge>}{' '}
        {deleteAt && texts.users.deletedText(exactly(deleteAt))}
      </p>
      <Card title={texts.users.id}>
        <Copyable text={id} label={texts.users.id} />
      </Card>
      <UserForm user={user.data} onSaved={user.reload} />
      {/* Many changes end sessions. */}
      <UserSessions key={changes} id={id} />
      <UserActions user={user.data} onChanged={changed} />
    </Page>
  );
}

type Rights = Pick<User, 'roles' | 'claims'>;

function UserForm({
  user,
  onSaved,
}: {
  readonly user: User;
  readonly onSaved: () => Promise<void>;
}) {
  // The user may be read again meanwhile.
  const [begun, setBegun] = useState<Rights>({ roles: user.roles, claims: user.claims });
  const [roles, setRoles] = useState(begun.roles);
  const [claims, setClaims] = useState(() => asText(begun.claims));
  const { run, isRunning, error } = useAction();
  const [change, setChange] = useState<Partial<Rights>>();
  const isOwn = useMe().id === user.id;
  const ask = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      const changes = changesOf(begun, { roles, claims: asObject(claims, 'claims') });
      if (Object.keys(changes).length > 0) setChange(changes);
      else announce(texts.users.unchanged);
    });
  };
  const save = async () => {
    await call(path('admin', 'users', user.id), { method: 'PATCH', body: change });
    setBegun({ ...begun, ...change });
    await onSaved();
  };
  return (
    <Card title={texts.users.rights}>
      <p class="hint">{texts.users.rightsHint}</p>
      {isOwn && <p class="hint">{texts.users.own}</p>}
      <form onSubmit={ask}>
        <RoleChoices chosen={roles} onChange={setRoles} />
        <Field
          label={texts.claims}
          name="claims"
          hint={texts.claimsHint}
          rows={4}
          value={claims}
          onInput={setClaims}
          error={error}
        />
        <Failure error={error} />
        <div class="buttons">
          <Button type="submit" kind="primary" isBusy={isRunning}>
            {texts.save}
          </Button>
        </div>
      </form>
      {change && (
        <Confirm says={texts.users.change} action={save} onClose={() => setChange(undefined)}>
          <LiveTokens userId={user.id} />
        </Confirm>
      )}
    </Card>
  );
}

/** The sessions of another user, to end. */
function UserSessions({ id }: { readonly id: string }) {
  const list = path('admin', 'users', id, 'sessions');
  const sessions = useQuery<ListedSession[]>(list);
  const count = sessions.data?.length ?? 0;
  const end = async (which: string) => {
    await call(which, { method: 'DELETE' });
    await sessions.reload();
  };
  return (
    <Card title={texts.sessions.title}>
      <SessionList sessions={sessions} end={(session) => end(`${list}/${session.id}`)}>
        {(session) => <LiveTokens sessionId={session.id} />}
      </SessionList>
      {count > 1 && (
        <div class="more">
          <ConfirmButton says={texts.sessions.endAll(count)} action={() => end(list)}>
            <LiveTokens userId={id} />
          </ConfirmButton>
        </div>
      )}
    </Card>
  );
}

interface UserActionsProps {
  readonly user: User;
  readonly onChanged: () => Promise<void>;
}

/** Actions on a user as a whole. Each says what it does, and asks. */
function UserActions({ user, onChanged }: UserActionsProps) {
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
          <Copyable text={password} label={texts.password} />
        </SecretDialog>
      )}
    </Card>
  );
}
