import type { ComponentChildren } from 'preact';

import { call, path } from '../api/api.js';
import { MOST, usePages } from '../api/use-pages.js';
import { LiveTokens } from '../sessions/live-tokens.js';
import { texts } from '../texts.js';
import { Badge } from '../ui/controls.js';
import { ConfirmButton, DialogButton } from '../ui/dialog.js';
import { Card, More, Page, Rows } from '../ui/page.js';
import { ResourceForm, RoleForm } from './access-forms.js';
import type { Resource, Role } from './choices.js';

/** Roles, and the resources whose scopes they give. */
export function AccessPage() {
  const roles = usePages<Role>('admin/roles', { limit: MOST });
  const resources = usePages<Resource>('admin/resources', { limit: MOST });
  const reload = async () => {
    await Promise.all([roles.reload(), resources.reload()]);
  };
  return (
    <Page title={texts.access.title} about={texts.access.about}>
      <Card title={texts.access.roles}>
        <Rows
          items={roles.items}
          error={roles.error}
          keyOf={({ name }) => name}
          label={texts.access.roles}
        >
          {(role) => (
            <AccessRow
              kind="roles"
              name={role.name}
              isBuiltIn={role.builtIn}
              onChanged={reload}
              form={(close) => <RoleForm role={role} onSaved={reload} onClose={close} />}
            >
              {role.scopes.map((scope) => (
                <code key={scope}>{scope} </code>
              ))}
            </AccessRow>
          )}
        </Rows>
        <More pages={roles} />
        <div class="more">
          <DialogButton label={texts.access.createRole} kind="primary">
            {(close) => <RoleForm onSaved={reload} onClose={close} />}
          </DialogButton>
        </div>
      </Card>
      <Card title={texts.access.resources}>
        <Rows
          items={resources.items}
          error={resources.error}
          keyOf={({ audience }) => audience}
          label={texts.access.resources}
        >
          {(resource) => (
            <AccessRow
              kind="resources"
              name={resource.audience}
              isBuiltIn={resource.builtIn}
              onChanged={reload}
              form={(close) => (
                <ResourceForm resource={resource} onSaved={reload} onClose={close} />
              )}
            >
              {resource.scopes.map(({ name, description }) => (
                <span key={name} class="scope">
                  <code>{name}</code> {description}
                </span>
              ))}
            </AccessRow>
          )}
        </Rows>
        <More pages={resources} />
        <div class="more">
          <DialogButton label={texts.access.createResource} kind="primary">
            {(close) => <ResourceForm onSaved={reload} onClose={close} />}
          </DialogButton>
        </div>
      </Card>
    </Page>
  );
}

interface AccessRowProps {
  readonly kind: 'roles' | 'resources';
  readonly name: string;
  readonly isBuiltIn: boolean;
  readonly onChanged: () => Promise<void>;
  readonly form: (close: () => void) => ComponentChildren;
  readonly children: ComponentChildren;
}

/** A role or a resource, to change or remove. */
function AccessRow({ kind, name, isBuiltIn, onChanged, form, children }: AccessRowProps) {
  return (
    <div class="row">
      <div class="grow">
        <p class="row-title">
          {name} {isBuiltIn && <Badge>{texts.access.builtIn}</Badge>}
        </p>
        <p class="hint">{children}</p>
      </div>
      <div class="buttons">
        <DialogButton label={texts.change} name={`${texts.change}: ${name}`}>
          {form}
        </DialogButton>
        {!isBuiltIn && (
          <ConfirmButton
            says={texts.access.remove[kind]}
            subject={name}
            action={async () => {
              await call(path('admin', kind, name), { method: 'DELETE' });
              await onChanged();
            }}
          >
            <LiveTokens {...(kind === 'roles' ? { role: name } : { audience: name })} />
          </ConfirmButton>
        )}
      </div>
    </div>
  );
}
