import { useState } from 'preact/hooks';

import { call, path } from '../api/api.js';
import { LiveTokens } from '../sessions/live-tokens.js';
import { texts } from '../texts.js';
import { Choices, Field } from '../ui/controls.js';
import { FormDialog } from '../ui/form-dialog.js';
import { ScopeChoices, type Role } from './choices.js';

interface RoleFormProps {
  /** `undefined`: a new one. */
  readonly role?: Role;
  readonly onSaved: () => Promise<void>;
  readonly onClose: () => void;
}

export function RoleForm({ role, onSaved, onClose }: RoleFormProps) {
  const [name, setName] = useState(role?.name ?? '');
  const [scopes, setScopes] = useState(role?.scopes ?? []);
  const [requiresMfa, setRequiresMfa] = useState(role?.requiresMfa ?? false);
  const save = async () => {
    if (role)
      await call(path('admin', 'roles', role.name), {
        method: 'PUT',
        body: { scopes, requiresMfa },
      });
    else await call('admin/roles', { method: 'POST', body: { name, scopes, requiresMfa } });
    await onSaved();
  };
  return (
    <FormDialog
      title={role ? role.name : texts.access.createRole}
      {...(role && { about: texts.access.narrowText })}
      label={role ? texts.save : texts.access.createRole}
      submit={save}
      done={texts.access.saved}
      onClose={onClose}
    >
      {(error) => (
        <>
          {role && <LiveTokens role={role.name} />}
          {!role && (
            <Field
              label={texts.access.roleName}
              name="name"
              value={name}
              onInput={setName}
              error={error}
              isRequired
              hasFocus
            />
          )}
          <ScopeChoices chosen={scopes} onChange={setScopes} error={error} />
          <Choices
            label={texts.factors.title}
            options={[{ value: texts.factors.requires }]}
            chosen={requiresMfa ? [texts.factors.requires] : []}
            onChange={(chosen) => setRequiresMfa(chosen.length > 0)}
          />
        </>
      )}
    </FormDialog>
  );
}
