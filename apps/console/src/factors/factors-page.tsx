import { useState } from 'preact/hooks';

import { call, path } from '../api/api.js';
import { useQuery } from '../api/use-query.js';
import { texts } from '../texts.js';
import { Field } from '../ui/controls.js';
import { ConfirmButton, DialogButton } from '../ui/dialog.js';
import { FormDialog, SecretDialog, type FormDialogProps } from '../ui/form-dialog.js';
import { Card, Page, Rows } from '../ui/page.js';
import { Copyable, Time } from '../ui/values.js';
import {
  createPasskey,
  type AddedFactor,
  type Factor,
  type FactorList,
  type OnAdded,
} from './factor.js';

/** The user's own second factors. */
export function FactorsPage() {
  const factors = useQuery<FactorList>('auth/factors');
  const [codes, setCodes] = useState<readonly string[]>();
  const renewCodes = async () => {
    const made = await call<{ recoveryCodes: string[] }>('auth/factors/recovery-codes', {
      method: 'POST',
    });
    setCodes(made.recoveryCodes);
    void factors.reload();
  };
  const added = (made: readonly string[] | undefined) => {
    setCodes(made);
    void factors.reload();
  };
  const { items, recoveryCodesLeft = 0 } = factors.data ?? {};
  return (
    <Page
      title={texts.factors.title}
      about={texts.factors.about}
      actions={
        <>
          <AddPasskey onAdded={added} />
          <AddTotp onAdded={added} />
        </>
      }
    >
      <Rows items={items} error={factors.error} keyOf={({ id }) => id} label={texts.factors.title}>
        {(factor) => <FactorRow factor={factor} onRemoved={factors.reload} />}
      </Rows>
      {items && items.length > 0 && (
        <Card title={texts.factors.recoveryCodes}>
          <p class="text">{texts.factors.codesLeft(recoveryCodesLeft)}</p>
          <ConfirmButton says={texts.factors.newCodes} action={renewCodes} kind="plain" />
        </Card>
      )}
      {codes && (
        <SecretDialog title={texts.factors.recoveryCodes} onClose={() => setCodes(undefined)}>
          <p class="text">{texts.factors.keepCodes}</p>
          <Copyable text={codes.join('\n')} label={texts.factors.recoveryCodes} />
        </SecretDialog>
      )}
    </Page>
  );
}

function FactorRow({
  factor: { id, kind, name, createdAt, lastUsedAt },
  onRemoved,
}: {
  readonly factor: Factor;
  readonly onRemoved: () => Promise<void>;
}) {
  return (
    <div class="row">
      <div class="grow">
        <p class="row-title">{name}</p>
        <p class="hint">
          {kindInWords(kind)} · {texts.factors.since} <Time at={createdAt} />
          {lastUsedAt && (
            <>
              {' '}
              · {texts.sessions.used} <Time at={lastUsedAt} />
            </>
          )}
        </p>
      </div>
      <div class="buttons">
        <ConfirmButton
          says={texts.factors.remove}
          subject={name}
          action={async () => {
            await call(path('auth', 'factors', id), { method: 'DELETE' });
            await onRemoved();
          }}
        />
      </div>
    </div>
  );
}

const kindInWords = (kind: string) =>
  (texts.factors.kinds as Readonly<Record<string, string>>)[kind] ?? kind;

/** Adds a passkey of this device, or of one that the browser finds. */
function AddPasskey({ onAdded }: { readonly onAdded: OnAdded }) {
  const add = async (name: string) => {
    const options = await call<object>('auth/factors/passkeys/options', { method: 'POST' });
    const body = { passkey: await createPasskey(options), name };
    const request = { method: 'POST', body } as const;
    onAdded((await call<AddedFactor>('auth/factors/passkeys', request)).recoveryCodes);
  };
  return (
    <DialogButton label={texts.factors.addPasskey} kind="primary">
      {(close) => (
        <NameForm
          title={texts.factors.addPasskey}
          about={texts.factors.addPasskeyText}
          initial={texts.factors.kinds.passkey}
          submit={add}
          done={texts.factors.passkeyAdded}
          onClose={close}
        />
      )}
    </DialogButton>
  );
}

/** What an app needs to show codes. Auth shows it once. */
interface TotpKey {
  readonly secret: string;
  readonly qrCode: string;
}

/** Adds an authenticator app: first its name, then a code that it shows. */
function AddTotp({ onAdded }: { readonly onAdded: OnAdded }) {
  const [totp, setTotp] = useState<TotpKey>();
  const start = async (name: string) => {
    setTotp(await call<TotpKey>('auth/factors/totp', { method: 'POST', body: { name } }));
  };
  return (
    <>
      <DialogButton label={texts.factors.add} kind="primary">
        {(close) => (
          <NameForm
            title={texts.factors.add}
            about={texts.factors.addText}
            initial={texts.factors.kinds.totp}
            submit={start}
            onClose={close}
          />
        )}
      </DialogButton>
      {totp && <CodeForm totp={totp} onAdded={onAdded} onClose={() => setTotp(undefined)} />}
    </>
  );
}

function CodeForm({
  totp: { secret, qrCode },
  onAdded,
  onClose,
}: {
  readonly totp: TotpKey;
  readonly onAdded: OnAdded;
  readonly onClose: () => void;
}) {
  const [code, setCode] = useState('');
  const submit = async () => {
    const request = { method: 'POST', body: { code } } as const;
    const added = await call<AddedFactor>('auth/factors/totp/confirm', request);
    onAdded(added.recoveryCodes);
  };
  return (
    <FormDialog
      title={texts.factors.add}
      about={texts.factors.scan}
      label={texts.factors.confirm}
      submit={submit}
      done={texts.factors.added}
      onClose={onClose}
    >
      {(error) => (
        <>
          <img class="qr" src={qrCode} alt={texts.factors.qrCode} />
          <Copyable text={secret} label={texts.factors.secret} />
          <Field
            label={texts.factors.code}
            name="code"
            autoComplete="one-time-code"
            value={code}
            onInput={setCode}
            error={error}
            hasFocus
            isRequired
          />
        </>
      )}
    </FormDialog>
  );
}

interface NameFormProps extends Pick<FormDialogProps, 'title' | 'about' | 'done' | 'onClose'> {
  readonly initial: string;
  readonly submit: (name: string) => Promise<unknown>;
}

/** Asks for the name of a new factor. */
function NameForm({ initial, submit, ...dialog }: NameFormProps) {
  const [name, setName] = useState(initial);
  return (
    <FormDialog {...dialog} label={texts.factors.next} submit={() => submit(name)}>
      {(error) => (
        <Field
          label={texts.factors.name}
          name="name"
          value={name}
          onInput={setName}
          error={error}
          hasFocus
          isRequired
        />
      )}
    </FormDialog>
  );
}
