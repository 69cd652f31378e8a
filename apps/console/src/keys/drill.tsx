import { useRef } from 'preact/hooks';

import type { Page } from '../api/use-pages.js';
import { useQuery } from '../api/use-query.js';
import { texts } from '../texts.js';
import { Badge } from '../ui/controls.js';
import { Card } from '../ui/page.js';

interface Revoked {
  readonly kind: string;
  readonly id: string;
}

/** Whether a withdrawn key is gone: from the JWKS, and into what the feed sends, the latest first. */
export function Drill({ kid }: { readonly kid: string }) {
  const jwks = useQuery<{ keys: { kid: string }[] }>('.well-known/jwks.json', 2_000).data;
  const latest = useQuery<Page<Revoked>>('admin/revocations?limit=100', 2_000).data;
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
