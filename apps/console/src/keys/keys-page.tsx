import { useState } from 'preact/hooks';

import { call } from '../api/api.js';
import { useQuery } from '../api/use-query.js';
import { texts } from '../texts.js';
import { Badge, type Tone } from '../ui/controls.js';
import { Confirm, DialogButton } from '../ui/dialog.js';
import { Card, Page, Rows } from '../ui/page.js';
import { exactly, Time, useNow } from '../ui/values.js';
import { beginOf, spansOf, type SigningKey } from './key-life.js';
import { Drill } from './drill.js';
import { Withdraw } from './withdraw.js';

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
  return (
    <Page
      title={texts.keys.title}
      about={texts.keys.about}
      actions={
        <DialogButton label={texts.keys.rotate} kind="primary">
          {(close) => (
            <Confirm
              title={texts.keys.rotateTitle}
              label={texts.keys.rotate}
              action={rotate}
              done={texts.keys.rotated}
              onClose={close}
            >
              {texts.keys.rotateText}
            </Confirm>
          )}
        </DialogButton>
      }
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
              <Withdraw
                signingKey={key}
                onDone={async () => {
                  setWithdrawn(key.kid);
                  await keys.reload();
                }}
              />
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
