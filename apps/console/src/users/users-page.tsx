import { useState } from 'preact/hooks';

import { RoleChoices } from '../access/choices.js';
import { call } from '../api/api.js';
import { useDelayed, usePages } from '../api/use-pages.js';
import { go, href } from '../routing/route.js';
import { texts } from '../texts.js';
import { Badge, Field, PasswordField } from '../ui/controls.js';
import { DialogButton } from '../ui/dialog.js';
import { FormDialog } from '../ui/form-dialog.js';
import { More, Page, Rows } from '../ui/page.js';
import { Time } from '../ui/values.js';
import { UserPage } from './user-page.js';
import { Standing, type User } from './user.js';

/** All users, or the one of the path. */
export function UsersPage({ id }: { readonly id?: string | undefined }) {
  return id ? <UserPage key={id} id={id} /> : <UserList />;
}

function UserList() {
  const [search, setSearch] = useState('');
  const users = usePages<User>('admin/users', { email: useDelayed(search.trim()) });
  return (
    <Page
      title={texts.users.title}
      about={texts.users.about}
      actions={
        <DialogButton label={texts.users.create} kind="primary">
          {(close) => <NewUser onClose={close} />}
        </DialogButton>
      }
    >
      <div class="filters">
        <Field label={texts.users.search} type="search" value={search} onInput={setSearch} />
      </div>
      <Rows
        items={users.items}
        error={users.error}
        keyOf={({ id }) => id}
        label={texts.users.title}
      >
        {(user) => (
          <div class="row">
            <div class="grow">
              <p class="row-title">
                <a href={href(`users/${user.id}`)}>{user.email}</a>
              </p>
              <p class="hint">
                {texts.created} <Time at={user.createdAt} />
              </p>
            </div>
            <p>
              <Standing user={user} />{' '}
              {user.roles.map((role) => (
                <Badge key={role}>{role}</Badge>
              ))}
            </p>
          </div>
        )}
      </Rows>
      <More pages={users} />
    </Page>
  );
}

function NewUser({ onClose }: { readonly onClose: () => void }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [roles, setRoles] = useState<readonly string[]>(['user']);
  const create = async () => {
    const body = { email: email.trim(), password, roles };
    const { id } = await call<User>('admin/users', { method: 'POST', body });
    go(`users/${id}`);
  };
  return (
    <FormDialog
      title={texts.users.create}
      label={texts.users.create}
      submit={create}
      done={texts.users.created}
      onClose={onClose}
    >
      {(error) => (
        <>
          <Field
            label={texts.email}
            name="email"
            type="email"
            value={email}
            onInput={setEmail}
            error={error}
            isRequired
            hasFocus
          />
          <PasswordField isNew value={password} onInput={setPassword} error={error} />
          <RoleChoices chosen={roles} onChange={setRoles} error={error} />
        </>
      )}
    </FormDialog>
  );
}
