import { useState } from 'preact/hooks';

import { call, path } from '../api/api.js';
import { LiveTokens } from '../sessions/live-tokens.js';
import { texts } from '../texts.js';
import { Choices, Field } from '../ui/controls.js';
import { FormDialog } from '../ui/form-dialog.js';
import { ScopeChoices, type Resource, type Role } from './choices.js';
import { scopesOfText, textOfScopes } from './scope-lines.js';

interface FormProps {
  readonly onSaved: () => Promise<void>;
  readonly onClose: () => void;
}

/** @param role `undefined`: a new one */
export function RoleForm({ role, onSaved, onClose }: FormProps & { readonly role?: Role }) {
  const [name, setName] = useState(role?.name ?? '');
  const [scopes, setScopes] = useState(role?.scopes ?? []);
  const [requiresMfa, setRequiresMfa] = useState(role?.requiresMfa ?? false);
  const save = async () => {
    const body = { scopes, requiresMfa };
    if (role) await call(path('admin', 'roles', role.name), { method: 'PUT', body });
    else await call('admin/roles', { method: 'POST', body: { name, ...body } });
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

/** @param resource `undefined`: a new one */
export function ResourceForm({
  resource,
  onSaved,
  onClose,
}: FormProps & { readonly resource?: Resource }) {
  const [audience, setAudience] = useState(resource?.audience ?? '');
  const [lines, setLines] = useState(textOfScopes(resource?.scopes ?? []));
  const save = async () => {
    const scopes = scopesOfText(lines);
    const one = path('admin', 'resources', audience);
    if (resource) await call(one, { method: 'PUT', body: { scopes } });
    else await call('admin/resources', { method: 'POST', body: { audience, scopes } });
    await onSaved();
  };
  return (
    <FormDialog
      title={resource ? resource.audience : texts.access.createResource}
      {...(resource && { about: texts.access.narrowText })}
      label={resource ? texts.save : texts.access.createResource}
      submit={save}
      done={texts.access.saved}
      onClose={onClose}
    >
      {(error) => (
        <>
          {resource && <LiveTokens audience={resource.audience} />}
          {!resource && (
            <Field
              label={texts.access.audience}
              name="audience"
              hint={texts.access.audienceHint}
              value={audience}
              onInput={setAudience}
              error={error}
              isRequired
              hasFocus
            />
          )}
          <Field
            label={texts.scopes}
            name="scopes"
            hint={texts.access.scopesHint}
            rows={6}
            value={lines}
            onInput={setLines}
            error={error}
          />
        </>
      )}
    </FormDialog>
  );
}
