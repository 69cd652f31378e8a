import { useState } from 'preact/hooks';

import { scopeOptions, useResources } from '../access/access.js';
import { call, path } from '../api/api.js';
import { texts } from '../texts.js';
import { Choices, Field } from '../ui/controls.js';
import { FormDialog } from '../ui/form-dialog.js';
import { asObject, asText } from '../ui/json.js';
import { GRANTS, type Client } from './client.js';

interface ClientFormProps {
  /** `undefined`: a new one. */
  readonly client?: Client;
  readonly onSaved: (saved: { readonly id: string; readonly secret?: string }) => Promise<void>;
  readonly onClose: () => void;
}

/** Makes a client, or changes one. */
export function ClientForm({ client, onSaved, onClose }: ClientFormProps) {
  const [name, setName] = useState(client?.name ?? '');
  const [grants, setGrants] = useState(client?.grants ?? ['client_credentials']);
  const [scopes, setScopes] = useState(client?.scopes ?? []);
  const [audiences, setAudiences] = useState(client?.audiences ?? []);
  const [claims, setClaims] = useState(asText(client?.claims ?? {}));
  const resources = useResources().data;
  const known = scopeOptions(resources).map(({ value }) => value);
  const options = [
    ...scopeOptions(resources),
    ...scopes.filter((scope) => !known.includes(scope)).map((value) => ({ value })),
  ];
  const save = async () => {
    const traits = { name, grants, scopes, claims: asObject(claims, 'claims') };
    const body = { ...traits, ...(audiences.length > 0 && { audiences }) };
    const saved = client
      ? await call<Client>(path('admin', 'clients', client.id), { method: 'PATCH', body })
      : await call<Client & { secret: string }>('admin/clients', { method: 'POST', body });
    await onSaved(saved);
  };
  return (
    <FormDialog
      title={client ? texts.clients.change : texts.clients.create}
      {...(client && { about: texts.clients.changeText })}
      label={client ? texts.save : texts.clients.create}
      submit={save}
      done={client ? texts.clients.saved : texts.clients.created}
      onClose={onClose}
    >
      {(error) => (
        <>
          <Field
            label={texts.clients.name}
            name="name"
            value={name}
            onInput={setName}
            error={error}
            isRequired
            hasFocus
          />
          <Choices
            label={texts.clients.grants}
            options={GRANTS.map((value) => ({ value, hint: texts.clients.grantHints[value] }))}
            chosen={grants}
            onChange={setGrants}
          />
          <Choices label={texts.scopes} options={options} chosen={scopes} onChange={setScopes} />
          <Choices
            label={texts.clients.audiences}
            options={(resources?.items ?? []).map(({ audience }) => ({ value: audience }))}
            chosen={audiences}
            onChange={setAudiences}
          />
          <Field
            label={texts.claims}
            name="claims"
            hint={texts.claimsHint}
            rows={3}
            value={claims}
            onInput={setClaims}
            error={error}
          />
        </>
      )}
    </FormDialog>
  );
}
