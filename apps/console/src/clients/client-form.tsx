import { useState } from 'preact/hooks';

import { AudienceChoices, ScopeChoices } from '../access/choices.js';
import { announce } from '../announcements.js';
import { call, path } from '../api/api.js';
import { texts } from '../texts.js';
import { Choices, Field } from '../ui/controls.js';
import { FormDialog } from '../ui/form-dialog.js';
import { asObject, asText, changesOf } from '../ui/form-values.js';

const GRANTS = Object.entries(texts.clients.grantHints).map(([value, hint]) => ({ value, hint }));

/** A client, as administrators see it. */
export interface Client {
  readonly id: string;
  readonly name: string;
  readonly grants: readonly string[];
  readonly scopes: readonly string[];
  readonly audiences: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
  readonly disabled: boolean;
  readonly createdAt: string;
  readonly secrets: readonly { readonly id: string; readonly createdAt: string }[];
}

/** A client that was made or changed, with its secret if that is new: it is shown this once. */
export interface SavedClient {
  readonly id: string;
  readonly secret?: string;
}

interface ClientFormProps {
  /** `undefined`: a new one. */
  readonly client?: Client;
  readonly onSaved: (saved: SavedClient) => Promise<void>;
  readonly onClose: () => void;
}

/** What auth sets for a client that is made without them. */
const DEFAULTS = { audiences: [], claims: {} };

/** Makes a client, or changes one. */
export function ClientForm({ client, onSaved, onClose }: ClientFormProps) {
  // The list may be read again meanwhile.
  const [begun] = useState<Partial<Client>>(client ?? DEFAULTS);
  const [name, setName] = useState(begun.name ?? '');
  const [grants, setGrants] = useState(begun.grants ?? ['client_credentials']);
  const [scopes, setScopes] = useState(begun.scopes ?? []);
  const [audiences, setAudiences] = useState(begun.audiences ?? []);
  const [claims, setClaims] = useState(asText(begun.claims));
  const save = async () => {
    const traits = { name, grants, scopes, audiences, claims: asObject(claims, 'claims') };
    const body = changesOf<typeof traits>(begun, traits);
    const saved = client
      ? await call<Client>(path('admin', 'clients', client.id), { method: 'PATCH', body })
      : await call<Client & { secret: string }>('admin/clients', { method: 'POST', body });
    await onSaved(saved);
    const isRenamed = Object.keys(body).every((trait) => trait === 'name');
    const { created, renamed, changed } = texts.clients;
    announce(client ? (isRenamed ? renamed : changed) : created);
  };
  return (
    <FormDialog
      title={client ? texts.clients.change : texts.clients.create}
      {...(client && { about: texts.clients.changeText })}
      label={client ? texts.save : texts.clients.create}
      submit={save}
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
            options={GRANTS}
            name="grants"
            chosen={grants}
            onChange={setGrants}
            error={error}
          />
          <ScopeChoices chosen={scopes} onChange={setScopes} error={error} />
          <AudienceChoices chosen={audiences} onChange={setAudiences} error={error} />
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
