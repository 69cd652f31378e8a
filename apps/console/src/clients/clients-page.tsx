import { useState } from 'preact/hooks';

import { call, path } from '../api/api.js';
import { useQuery } from '../api/use-query.js';
import { texts } from '../texts.js';
import { Badge, Field } from '../ui/controls.js';
import { ConfirmButton, DialogButton } from '../ui/dialog.js';
import { SecretDialog } from '../ui/form-dialog.js';
import { Page, Rows } from '../ui/page.js';
import { Copyable, Time } from '../ui/values.js';
import { ClientForm, type Client, type SavedClient } from './client-form.js';

export function ClientsPage() {
  const clients = useQuery<Client[]>('admin/clients');
  const [search, setSearch] = useState('');
  const [shown, setShown] = useState<SavedClient>();
  const text = search.trim().toLowerCase();
  const found = clients.data?.filter(
    ({ name, id }) => name.toLowerCase().includes(text) || id.startsWith(text),
  );
  const saved = async (client: SavedClient) => {
    const reloaded = clients.reload();
    if (client.secret) setShown(client);
    else await reloaded;
  };
  return (
    <Page
      title={texts.clients.title}
      about={texts.clients.about}
      actions={
        <DialogButton label={texts.clients.create} kind="primary">
          {(close) => <ClientForm onSaved={saved} onClose={close} />}
        </DialogButton>
      }
    >
      <div class="filters">
        <Field label={texts.clients.search} type="search" value={search} onInput={setSearch} />
      </div>
      <Rows items={found} error={clients.error} keyOf={({ id }) => id} label={texts.clients.title}>
        {(client) => <ClientRow client={client} onChanged={saved} />}
      </Rows>
      {shown?.secret && (
        <SecretDialog title={texts.clients.secretOf} onClose={() => setShown(undefined)}>
          <h3>{texts.clients.id}</h3>
          <Copyable text={shown.id} label={texts.clients.id} />
          <h3>{texts.clients.secret}</h3>
          <Copyable text={shown.secret} label={texts.clients.secret} />
        </SecretDialog>
      )}
    </Page>
  );
}

interface ClientRowProps {
  readonly client: Client;
  readonly onChanged: (saved: SavedClient) => Promise<void>;
}

function ClientRow({ client, onChanged }: ClientRowProps) {
  const one = path('admin', 'clients', client.id);
  const change = (which: string, options: Parameters<typeof call>[1]) => async () => {
    await call(which, options);
    await onChanged({ id: client.id });
  };
  const addSecret = async () => {
    const made = await call<{ secret: string }>(`${one}/secrets`, { method: 'POST' });
    await onChanged({ id: client.id, secret: made.secret });
  };
  return (
    <div class="row">
      <div class="grow">
        <p class="row-title">
          {client.name} {client.disabled && <Badge tone="bad">{texts.disabled}</Badge>}{' '}
          {client.grants.map((grant) => (
            <Badge key={grant}>{grant}</Badge>
          ))}
        </p>
        <p class="hint">
          <code>{client.id}</code> · {client.scopes.join(' ') || texts.clients.noScopes} ·{' '}
          {texts.created} <Time at={client.createdAt} />
        </p>
        <ul>
          {client.secrets.map((secret) => (
            <li key={secret.id} class="secret">
              <span class="hint">
                {texts.clients.secretFrom} <Time at={secret.createdAt} />
              </span>
              {client.secrets.length > 1 && (
                <ConfirmButton
                  says={texts.clients.endSecret}
                  subject={client.name}
                  action={change(`${one}/secrets/${secret.id}`, { method: 'DELETE' })}
                />
              )}
            </li>
          ))}
        </ul>
      </div>
      <div class="buttons">
        <DialogButton label={texts.change} name={`${texts.change}: ${client.name}`}>
          {(close) => <ClientForm client={client} onSaved={onChanged} onClose={close} />}
        </DialogButton>
        <ConfirmButton
          says={texts.clients.addSecret}
          subject={client.name}
          action={addSecret}
          kind="plain"
        />
        {client.disabled ? (
          <ConfirmButton
            says={texts.clients.enable}
            subject={client.name}
            action={change(one, { method: 'PATCH', body: { disabled: false } })}
            kind="plain"
          />
        ) : (
          <ConfirmButton
            says={texts.clients.disable}
            subject={client.name}
            action={change(one, { method: 'PATCH', body: { disabled: true } })}
          >
            <p>{texts.liveTokensOfClients}</p>
          </ConfirmButton>
        )}
        <ConfirmButton
          says={texts.clients.remove}
          subject={client.name}
          action={change(one, { method: 'DELETE' })}
        >
          <p>{texts.liveTokensOfClients}</p>
        </ConfirmButton>
      </div>
    </div>
  );
}
