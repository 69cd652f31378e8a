import { useState } from 'preact/hooks';

import { call } from '../api/api.js';
import { useAction } from '../api/use-action.js';
import { usePages } from '../api/use-pages.js';
import { useQuery } from '../api/use-query.js';
import { LiveTokens } from '../sessions/live-tokens.js';
import { texts } from '../texts.js';
import { Badge, Button, Failure, Field, Select } from '../ui/controls.js';
import { Confirm } from '../ui/dialog.js';
import { Card, More, Page, Rows } from '../ui/page.js';
import { inMilliseconds } from '../ui/time.js';
import { Time } from '../ui/values.js';
import { keyOf, ReceiptView, type Receipt, type Service } from './receipt.js';

type Kind = keyof typeof texts.revocations.kinds;

interface Revocation {
  readonly kind: Kind;
  readonly id: string;
  /** Seconds since the epoch. */
  readonly exp: number;
  readonly createdAt: string;
}

/** Revoke something, and see each service apply it. */
export function RevocationsPage() {
  const [receipt, setReceipt] = useState<Receipt>();
  const revocations = usePages<Revocation>('admin/revocations');
  const received = (made: Receipt) => {
    setReceipt(made);
    void revocations.reload();
  };
  return (
    <Page title={texts.revocations.title} about={texts.revocations.about}>
      <RevokeForm onReceipt={received} />
      <div aria-live="polite">{receipt && <ReceiptView receipt={receipt} />}</div>
      <ServiceList />
      <Card title={texts.revocations.list}>
        <Rows
          items={revocations.items}
          error={revocations.error}
          keyOf={({ kind, id, createdAt }) => `${kind} ${id} ${createdAt}`}
          label={texts.revocations.list}
        >
          {({ kind, id, exp, createdAt }) => (
            <>
              <p>
                <Badge>{texts.revocations.kinds[kind] ?? kind}</Badge> <code>{id}</code>
              </p>
              <p class="hint">
                {texts.revocations.since} <Time at={createdAt} /> · {texts.revocations.until}{' '}
                <Time at={new Date(exp * 1000).toISOString()} />
              </p>
            </>
          )}
        </Rows>
        <More pages={revocations} />
      </Card>
    </Page>
  );
}

const KINDS = Object.entries(texts.revocations.kinds);
const WAIT_SECONDS = 5;

/** The client that users log in with. */
const WEB_CLIENT = 'web';

/** Revokes, and waits until every live service has said that it has applied it. */
const revoke = (kind: Kind, id: string) =>
  call<Receipt>('admin/revocations', {
    method: 'POST',
    body: { kind, id },
    headers: { prefer: `wait=${WAIT_SECONDS}` },
  });

function RevokeForm({ onReceipt }: { readonly onReceipt: (receipt: Receipt) => void }) {
  const [kind, setKind] = useState<Kind>('sid');
  const [id, setId] = useState('');
  const [isAsking, setAsking] = useState(false);
  const trial = useAction();
  const ask = (event: Event) => {
    event.preventDefault();
    setAsking(true);
  };
  const { done } = texts.revocations;
  const tryOut = () => void trial.run(async () => onReceipt(await revoke('jti', randomId())), done);
  return (
    <Card title={texts.revocations.revoke}>
      <form onSubmit={ask}>
        <div class="filters">
          <Select
            label={texts.revocations.kind}
            value={kind}
            options={KINDS}
            onChange={(value) => setKind(value as Kind)}
          />
          <Field label={texts.revocations.id} value={id} onInput={setId} isRequired />
        </div>
        <div class="buttons">
          <Button type="submit" kind="danger">
            {texts.revocations.revoke}
          </Button>
          <Button onClick={tryOut} isBusy={trial.isRunning}>
            {texts.revocations.tryOut}
          </Button>
        </div>
        <p class="hint">{texts.revocations.tryOutHint}</p>
        <Failure error={trial.error} />
      </form>
      {isAsking && (
        <Confirm
          says={{ ...texts.revocations.ask[kind], label: texts.revocations.revoke, done }}
          action={async () => onReceipt(await revoke(kind, id.trim()))}
          onClose={() => setAsking(false)}
        >
          <EndedTokens kind={kind} id={id.trim()} />
        </Confirm>
      )}
    </Card>
  );
}

/** An id like those of tokens. `crypto.randomUUID` is absent from a page over plain http. */
function randomId(): string {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  // A UUID of version 8, of which the form is free (RFC 9562 section 5.8).
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})/, '$1-$2-8$3-8$4-');
}

/** How many tokens a revocation ends, as far as auth knows. */
function EndedTokens({ kind, id }: { readonly kind: Kind; readonly id: string }) {
  if (kind === 'sid') return <LiveTokens sessionId={id} />;
  if (kind === 'kid') return <LiveTokens kid={id} />;
  if (kind !== 'client') return null;
  return id === WEB_CLIENT ? <LiveTokens /> : <p>{texts.liveTokensOfClients}</p>;
}

const TONES = { fresh: 'good', stale: 'bad', blind: 'bad' } as const;

/** Who follows the feed, at any auth process. */
function ServiceList() {
  const services = useQuery<Service[]>('admin/services', 3_000);
  return (
    <Card title={texts.revocations.services}>
      <Rows
        items={services.data}
        error={services.error}
        keyOf={keyOf}
        label={texts.revocations.services}
      >
        {(service) => (
          <>
            <p class="row-title">
              {service.service}{' '}
              <Badge tone={TONES[service.state]}>{texts.revocations.states[service.state]}</Badge>
            </p>
            <p class="hint">
              {service.instance}
              {service.version && ` · ${service.version}`}
              {service.lagMs !== null &&
                ` · ${texts.revocations.lag} ${inMilliseconds(service.lagMs)}`}
              {' · '}
              {texts.revocations.seen} <Time at={service.lastSeenAt} />
            </p>
          </>
        )}
      </Rows>
    </Card>
  );
}
