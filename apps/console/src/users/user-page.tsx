import { useState } from 'preact/hooks';

import { RoleChoices } from '../access/choices.js';
import { call, path } from '../api/api.js';
import { useAction } from '../api/use-action.js';
import { useQuery } from '../api/use-query.js';
import { useMe } from '../session/me.js';
import { LiveTokens } from '../sessions/live-tokens.js';
import { texts } from '../texts.js';
import { announce } from '../ui/announcements.js';
import { changesOf } from '../ui/changes.js';
import { Button, Failure, Field } from '../ui/controls.js';
import { Confirm } from '../ui/dialog.js';
import { asObject, asText } from '../ui/json.js';
import { Card, Page, Pending } from '../ui/page.js';
import { Copyable, exactly } from '../ui/values.js';
import { UserActions } from './user-actions.js';
import { UserSessions } from './user-sessions.js';
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
  const { email, deleteAt } = user.data;
  return (
    <Page title={email} about={texts.users.oneAbout}>
      <p class="text">
        <Standing user={user.data} /> {deleteAt && texts.users.deletedText(exactly(deleteAt))}
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
