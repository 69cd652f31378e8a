import { useRef, useState } from 'preact/hooks';

import { call, path } from '../api/api.js';
import { useQuery } from '../api/use-query.js';
import { LiveTokens } from '../sessions/live-tokens.js';
import { texts } from '../texts.js';
import { Badge, type Tone } from '../ui/controls.js';
import { ConfirmButton } from '../ui/dialog.js';
import { Card, Page, Rows } from '../ui/page.js';
import { exactly, Time, useNow } from '../ui/values.js';
import { beginOf, spansOf, type SigningKey } from './key-life.js';

const TONES: Readonly<Record<SigningKey['state'], Tone>> = {
  next: 'accent',
  active: 'good',
  retired: 'warning',
  withdrawn: 'bad',
};

export function KeysPage() {
  const keys = useQuery<SigningKey[]>('admin/keys', 5_000);
  const [withdrawn, setWithdrawn] = useState<string>();
  const rotate = async () => {
    await call('admin/keys/rotate', { method: 'POST' });
    await keys.reload();
  };
  const withdraw = (kid: string) => async () => {
    await call(path('admin', 'keys', kid, 'withdraw'), { method: 'POST' });
    setWithdrawn(kid);
    await keys.reload();
  };
  return (
    <Page
      title={texts.keys.title}
      about={texts.keys.about}
      actions={<ConfirmButton says={texts.keys.rotate} action={rotate} kind="primary" />}
    >
      {withdrawn && <Drill key={withdrawn} kid={withdrawn} />}
      <Rows items={keys.data} error={keys.error} keyOf={({ kid }) => kid} label={texts.keys.title}>
        {(key) => (
          <div class="row">
            <div class="grow">
              <p class="row-title">
                <Badge tone={TONES[key.state]}>{texts.keys.states[key.state]}</Badge>{' '}
                <code>{key.kid}</code>
              </p>
              <Line signingKey={key} all={keys.data ?? []} />
              <p class="hint">
                {texts.keys.published} <Time at={key.createdAt} />
                {key.activatedAt && (
                  <>
                    {' · '}
                    {texts.keys.signed} <Time at={key.activatedAt} />
                  </>
                )}
                {key.retiredAt && (
                  <>
                    {' · '}
                    {texts.keys.over} <Time at={key.retiredAt} />
                  </>
                )}
              </p>
            </div>
            {key.state !== 'withdrawn' && (
              <ConfirmButton
                says={{ ...texts.keys.withdraw, text: texts.keys.withdrawText[key.state] }}
                subject={key.kid}
                action={withdraw(key.kid)}
              >
                {key.state !== 'next' && <LiveTokens kid={key.kid} />}
                <h3>{texts.keys.drill}</h3>
                <ol class="drill">
                  {texts.keys.steps.map((step) => (
                    <li key={step}>{step}</li>
                  ))}
                </ol>
              </ConfirmButton>
            )}
          </div>
        )}
      </Rows>
      <Card title={texts.keys.legend}>
        <ul class="legend">
          {(['published', 'signing', 'over'] as const).map((phase) => (
            <li key={phase}>
              <span class={`swatch ${phase}`} /> {texts.keys.phases[phase]}
            </li>
          ))}
        </ul>
      </Card>
    </Page>
  );
}

/** The life of one key on the time line of all. */
function Line({
  signingKey,
  all,
}: {
  readonly signingKey: SigningKey;
  readonly all: readonly SigningKey[];
}) {
  const now = useNow(5_000);
  const begin = beginOf(all, now);
  return (
    <div class="line" role="img" aria-label={texts.keys.lineFrom(exactly(begin))}>
      {spansOf(signingKey, begin, now).map(({ phase, from, to }) => (
        <span
          key={phase}
          class={phase}
          style={{ left: `${from * 100}%`, width: `max(3px, ${(to - from) * 100}%)` }}
        />
      ))}
    </div>
  );
}

interface Revoked {
  readonly kind: string;
  readonly id: string;
}

/** Whether a withdrawn key is gone: from the JWKS, and into what the feed sends, the latest first. */
function Drill({ kid }: { readonly kid: string }) {
  const jwks = useQuery<{ keys: { kid: string }[] }>('.well-known/jwks.json', 2_000).data;
  const latest = useQuery<{ items: Revoked[] }>('admin/revocations?limit=100', 2_000).data;
  // Later ones move it off that page.
  const isRevoked = useRef(false);
  const isGone = jwks && !jwks.keys.some((key) => key.kid === kid);
  isRevoked.current ||= !!latest?.items.some(({ kind, id }) => kind === 'kid' && id === kid);
  return (
    <Card title={texts.keys.checks}>
      <ul class="checks">
        <Step text={texts.keys.gone} isDone={isGone} />
        <Step text={texts.keys.inFeed} isDone={isRevoked.current} />
      </ul>
      <p class="hint">{texts.keys.nobodyOut}</p>
    </Card>
  );
}

function Step({ text, isDone }: { readonly text: string; readonly isDone: boolean | undefined }) {
  return (
    <li>
      <Badge tone={isDone ? 'good' : 'warning'}>
        {isDone ? texts.keys.yes : texts.keys.notYet}
      </Badge>{' '}
      {text}
    </li>
  );
}
