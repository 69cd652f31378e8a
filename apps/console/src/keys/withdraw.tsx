import { call, path } from '../api/api.js';
import { LiveTokens } from '../sessions/live-tokens.js';
import { texts } from '../texts.js';
import { Confirm, DialogButton } from '../ui/dialog.js';
import type { SigningKey } from './key-life.js';

interface WithdrawProps {
  readonly signingKey: SigningKey;
  readonly onDone: () => Promise<void>;
}

/** Ends a stolen key, with the drill of docs/keys.md beside it. */
export function Withdraw({ signingKey: { kid, state }, onDone }: WithdrawProps) {
  return (
    <DialogButton label={texts.keys.withdraw} name={`${texts.keys.withdraw}: ${kid}`} kind="danger">
      {(close) => (
        <Confirm
          title={texts.keys.withdrawTitle}
          label={texts.keys.withdraw}
          action={async () => {
            await call(path('admin', 'keys', kid, 'withdraw'), { method: 'POST' });
            await onDone();
          }}
          done={texts.keys.withdrawn}
          onClose={close}
        >
          <p>{texts.keys.withdrawText[state]}</p>
          {state !== 'next' && <LiveTokens kid={kid} />}
          <h3>{texts.keys.drill}</h3>
          <ol class="drill">
            {texts.keys.steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </Confirm>
      )}
    </DialogButton>
  );
}
