import type { ComponentChildren } from 'preact';

import { call, path } from '../api/api.js';
import { LiveTokens } from '../sessions/live-tokens.js';
import { texts } from '../texts.js';
import { Badge } from '../ui/controls.js';
import { ConfirmButton, DialogButton } from '../ui/dialog.js';

interface AccessRowProps {
  readonly kind: 'roles' | 'resources';
  readonly name: string;
  readonly isBuiltIn: boolean;
  readonly onChanged: () => Promise<void>;
  readonly form: (close: () => void) => ComponentChildren;
  readonly children: ComponentChildren;
}

/** A role or a resource, to change or remove. */
export function AccessRow({ kind, name, isBuiltIn, onChanged, form, children }: AccessRowProps) {
  return (
    <div class="row">
      <div class="grow">
        <p class="row-title">
          {name} {isBuiltIn && <Badge>{texts.access.builtIn}</Badge>}
        </p>
        <p class="hint">{children}</p>
      </div>
      <div class="buttons">
        <DialogButton label={texts.change} name={`${texts.change}: ${name}`}>
          {form}
        </DialogButton>
        {!isBuiltIn && (
          <ConfirmButton
            says={texts.access.remove[kind]}
            subject={name}
            action={async () => {
              await call(path('admin', kind, name), { method: 'DELETE' });
              await onChanged();
            }}
          >
            <LiveTokens {...(kind === 'roles' ? { role: name } : { audience: name })} />
          </ConfirmButton>
        )}
      </div>
    </div>
  );
}
