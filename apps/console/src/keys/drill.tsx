import { useQuery } from '../api/use-query.js';
import { texts } from '../texts.js';
import { Badge } from '../ui/controls.js';
import { Card } from '../ui/page.js';

interface Feed {
  readonly entries: readonly { readonly kind: string; readonly id: string }[];
}

/** Whether a withdrawn key is gone: from the JWKS, and into the feed, as any service sees them. */
export function Drill({ kid }: { readonly kid: string }) {
  const jwks = useQuery<{ keys: { kid: string }[] }>('.well-known/jwks.json', 2_000).data;
  const feed = useQuery<Feed>('revocations', 2_000).data;
  const isGone = jwks && !jwks.keys.some((key) => key.kid === kid);
  const isRevoked = feed?.entries.some((entry) => entry.kind === 'kid' && entry.id === kid);
  return (
    <Card title={texts.keys.checks}>
      <ul class="checks">
        <Step text={texts.keys.gone} isDone={isGone} />
        <Step text={texts.keys.inFeed} isDone={isRevoked} />
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
