import { useEffect, useState } from 'preact/hooks';

import { call } from '../api/api.js';
import { connection } from '../api/connection.js';
import { isAdmin, useMe } from '../api/me.js';
import { newAccessToken } from '../api/session.js';
import { useAction } from '../api/use-action.js';
import { usePrincipals } from '../api/use-session.js';
import { useStore } from '../store.js';
import { texts } from '../texts.js';
import { Badge, Button, Failure, Field } from '../ui/controls.js';
import { Card, Page } from '../ui/page.js';
import { Copyable } from '../ui/values.js';
import { TakenApart } from './taken-apart.js';

export function TokenPage() {
  const me = useMe();
  return (
    <Page title={texts.token.title} about={texts.token.about}>
      <OwnToken />
      <AnyToken isJudged={isAdmin(me)} />
    </Page>
  );
}

function OwnToken() {
  const [token, setToken] = useState<string>();
  const { run, isRunning, error } = useAction();
  const read = () => void run(async () => setToken(await newAccessToken()));
  useEffect(read, [usePrincipals(), useStore(connection).returned]);
  return (
    <Card title={texts.token.own}>
      {token && <Copyable text={token} label={texts.token.own} />}
      {token && <TakenApart key={token} token={token} />}
      <Failure error={error} />
      <div class="more">
        <Button onClick={read} isBusy={isRunning}>
          {texts.token.renew}
        </Button>
      </div>
    </Card>
  );
}

/** What the verifier of auth answers. */
interface Judgement {
  readonly accepted: boolean;
  readonly code?: string;
  readonly reason?: string;
}

/** @param isJudged whether auth may be asked for its verdict */
function AnyToken({ isJudged }: { readonly isJudged: boolean }) {
  const [text, setText] = useState('');
  const [shown, setShown] = useState<{ token: string; judgement?: Judgement }>();
  const { run, isRunning, error } = useAction();
  const submit = (event: Event) => {
    event.preventDefault();
    const token = text.trim().replace(/^bearer\s+/i, '');
    if (token === '') return;
    void run(async () => {
      setShown({ token });
      if (!isJudged) return;
      const body = { token };
      setShown({
        token,
        judgement: await call<Judgement>('admin/tokens/check', { method: 'POST', body }),
      });
    }, texts.token.done);
  };
  return (
    <Card title={texts.token.any}>
      <form onSubmit={submit}>
        <Field
          label={texts.token.paste}
          hint={isJudged ? texts.token.pasteAdmin : texts.token.pasteUser}
          rows={4}
          value={text}
          onInput={setText}
          error={error}
          name="token"
        />
        <Failure error={error} />
        <div class="buttons">
          <Button type="submit" kind="primary" isBusy={isRunning}>
            {texts.token.check}
          </Button>
        </div>
      </form>
      {shown?.judgement && <JudgementOf judgement={shown.judgement} />}
      {shown && <TakenApart key={shown.token} token={shown.token} />}
    </Card>
  );
}

function JudgementOf({ judgement: { accepted, code, reason } }: { readonly judgement: Judgement }) {
  return (
    <p class="judgement">
      <Badge tone={accepted ? 'good' : 'bad'}>{accepted ? texts.token.accepted : code}</Badge>{' '}
      {accepted ? texts.token.acceptedText : reason}
    </p>
  );
}
