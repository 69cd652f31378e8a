import { useState } from 'preact/hooks';

import { useQuery } from '../api/use-query.js';
import { texts } from '../texts.js';
import { Field } from '../ui/controls.js';
import { DialogButton } from '../ui/dialog.js';
import { SecretDialog } from '../ui/form-dialog.js';
import { Page, Rows } from '../ui/page.js';
import { Copyable } from '../ui/values.js';
import { ClientForm } from './client-form.js';
import { ClientRow } from './client-row.js';
import type { Client, SavedClient } from './client.js';

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
