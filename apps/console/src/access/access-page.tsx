import { texts } from '../texts.js';
import { DialogButton } from '../ui/dialog.js';
import { Card, Page, Rows } from '../ui/page.js';
import { useResources, useRoles } from './access.js';
import { AccessRow } from './access-row.js';
import { ResourceForm } from './resource-form.js';
import { RoleForm } from './role-form.js';

/** Roles, and the resources whose scopes they give. */
export function AccessPage() {
  const roles = useRoles();
  const resources = useResources();
  const reload = async () => {
    await Promise.all([roles.reload(), resources.reload()]);
  };
  return (
    <Page title={texts.access.title} about={texts.access.about}>
      <Card title={texts.access.roles}>
        <Rows
          items={roles.data?.items}
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
        <div class="more">
          <DialogButton label={texts.access.createRole} kind="primary">
            {(close) => <RoleForm onSaved={reload} onClose={close} />}
          </DialogButton>
        </div>
      </Card>
      <Card title={texts.access.resources}>
        <Rows
          items={resources.data?.items}
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
        <div class="more">
          <DialogButton label={texts.access.createResource} kind="primary">
            {(close) => <ResourceForm onSaved={reload} onClose={close} />}
          </DialogButton>
        </div>
      </Card>
    </Page>
  );
}
