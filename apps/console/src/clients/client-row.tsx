import { call, path } from '../api/api.js';
import { texts } from '../texts.js';
import { Badge } from '../ui/controls.js';
import { Confirm, DialogButton } from '../ui/dialog.js';
import { Time } from '../ui/values.js';
import { ClientForm } from './client-form.js';
import type { Client } from './client.js';

interface ClientRowProps {
  readonly client: Client;
  /** @param made with a secret, if there is a new one */
  readonly onChanged: (made: { readonly id: string; readonly secret?: string }) => Promise<void>;
}

export function ClientRow({ client, onChanged }: ClientRowProps) {
  const one = path('admin', 'clients', client.id);
  const named = (label: string) => ({ label, name: `${label}: ${client.name}` });
  const change = (which: string, options: Parameters<typeof call>[1]) => async () => {
    await call(which, options);
    await onChanged({ id: client.id });
  };
  const toggle = client.disabled ? texts.clients.enable : texts.clients.disable;
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
                <DialogButton {...named(texts.clients.endSecret)} kind="danger">
                  {(close) => (
                    <Confirm
                      title={texts.clients.endSecret}
                      label={texts.clients.endSecret}
                      action={change(`${one}/secrets/${secret.id}`, { method: 'DELETE' })}
                      done={texts.clients.secretEnded}
                      onClose={close}
                    >
                      {texts.clients.endSecretText}
                    </Confirm>
                  )}
                </DialogButton>
              )}
            </li>
          ))}
        </ul>
      </div>
      <div class="buttons">
        <DialogButton {...named(texts.change)}>
          {(close) => <ClientForm client={client} onSaved={onChanged} onClose={close} />}
        </DialogButton>
        <DialogButton {...named(texts.clients.addSecret)}>
          {(close) => (
            <Confirm
              title={texts.clients.addSecret}
              label={texts.clients.addSecret}
              action={async () => {
                const { secret } = await call<{ secret: string }>(`${one}/secrets`, {
                  method: 'POST',
                });
                await onChanged({ id: client.id, secret });
              }}
              done={texts.clients.secretAdded}
              onClose={close}
            >
              {texts.clients.addSecretText}
            </Confirm>
          )}
        </DialogButton>
        <DialogButton {...named(toggle.label)} kind={client.disabled ? 'plain' : 'danger'}>
          {(close) => (
            <Confirm
              title={toggle.label}
              label={toggle.label}
              action={change(one, { method: 'PATCH', body: { disabled: !client.disabled } })}
              done={toggle.done}
              onClose={close}
            >
              <p>{toggle.text}</p>
              {!client.disabled && <p>{texts.liveTokensOfClients}</p>}
            </Confirm>
          )}
        </DialogButton>
        <DialogButton {...named(texts.remove)} kind="danger">
          {(close) => (
            <Confirm
              title={texts.clients.remove}
              label={texts.remove}
              action={change(one, { method: 'DELETE' })}
              done={texts.clients.removed}
              onClose={close}
            >
              <p>{texts.clients.removeText}</p>
              <p>{texts.liveTokensOfClients}</p>
            </Confirm>
          )}
        </DialogButton>
      </div>
    </div>
  );
}
