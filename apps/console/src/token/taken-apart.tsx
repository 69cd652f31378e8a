import { useEffect, useState } from 'preact/hooks';

import { useQuery } from '../api/use-query.js';
import { texts } from '../texts.js';
import { Badge } from '../ui/controls.js';
import { Countdown, exactly } from '../ui/values.js';
import { check, type Check, type Jwk } from './checks.js';
import { partsOfJwt, type JsonObject, type JwtParts } from './jwt-parts.js';

/** A token with each of its claims explained, and what the page can check of it. */
export function TakenApart({ token }: { readonly token: string }) {
  const parts = partsOfJwt(token);
  if (!parts) return <p class="failure">{texts.token.noJwt}</p>;
  const { iat, exp } = parts.payload;
  return (
    <>
      {typeof iat === 'number' && typeof exp === 'number' && (
        <Countdown fromMs={iat * 1000} toMs={exp * 1000} />
      )}
      <Checks key={token} parts={parts} />
      <h3>{texts.token.header}</h3>
      <Members members={parts.header} explained={texts.token.headers} />
      <h3>{texts.token.payload}</h3>
      <Members members={parts.payload} explained={texts.token.claims} />
    </>
  );
}

function Checks({ parts }: { readonly parts: JwtParts }) {
  const jwks = useQuery<{ keys: Jwk[] }>('.well-known/jwks.json').data;
  const metadata = useQuery<{ issuer: string }>('.well-known/oauth-authorization-server').data;
  const [checks, setChecks] = useState<readonly Check[]>([]);
  useEffect(() => {
    if (!jwks || !metadata) return;
    const context = { keys: jwks.keys, issuer: metadata.issuer, nowMs: Date.now() };
    void check(parts, context).then(setChecks);
  }, [jwks, metadata]);
  return (
    <>
      <h3>{texts.token.checks}</h3>
      <ul class="checks" aria-label={texts.token.checks}>
        {checks.map(({ name, verdict }) => (
          <li key={name}>
            <Badge tone={({ passed: 'good', failed: 'bad', unknown: 'warning' } as const)[verdict]}>
              {texts.token.verdicts[verdict]}
            </Badge>{' '}
            {texts.token.checked[name]}
          </li>
        ))}
      </ul>
    </>
  );
}

const TIMES = ['iat', 'exp', 'nbf', 'auth_time'];

function Members({
  members,
  explained,
}: {
  readonly members: JsonObject;
  readonly explained: Readonly<Record<string, string>>;
}) {
  return (
    <dl class="members">
      {Object.entries(members).map(([name, value]) => (
        <div key={name}>
          <dt>
            <code>{name}</code>
          </dt>
          <dd>
            <code class="value">{typeof value === 'string' ? value : JSON.stringify(value)}</code>
            {TIMES.includes(name) &&
              typeof value === 'number' &&
              Number.isSafeInteger(value * 1000) && <span> {exactly(value * 1000)}</span>}
            <p class="hint">{explained[name] ?? texts.token.unknownClaim}</p>
          </dd>
        </div>
      ))}
    </dl>
  );
}
