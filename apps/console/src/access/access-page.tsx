import { MOST, usePages } from '../api/use-pages.js';
import { texts } from '../texts.js';
import { DialogButton } from '../ui/dialog.js';
import { Card, More, Page, Rows } from '../ui/page.js';
import { AccessRow } from './access-row.js';
import type { Resource, Role } from './choices.js';
import { ResourceForm } from './resource-form.js';
import { RoleForm } from './role-form.js';

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
