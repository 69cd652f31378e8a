import { useState } from 'preact/hooks';

import { call, path } from '../api/api.js';
import { LiveTokens } from '../sessions/live-tokens.js';
import { texts } from '../texts.js';
import { Field } from '../ui/controls.js';
import { FormDialog } from '../ui/form-dialog.js';
import type { Resource } from './choices.js';
import { scopesOfText, textOfScopes } from './scope-lines.js';

interface ResourceFormProps {
  /** `undefined`: a new one. */
  readonly resource?: Resource;
  readonly onSaved: () => Promise<void>;
  readonly onClose: () => void;
}

export function ResourceForm({ resource, onSaved, onClose }: ResourceFormProps) {
  const [audience, setAudience] = useState(resource?.audience ?? '');
  const [lines, setLines] = useState(textOfScopes(resource?.scopes ?? []));
  const save = async () => {
    const scopes = scopesOfText(lines);
    const one = path('admin', 'resources', audience);
    if (resource) await call(one, { method: 'PUT', body: { scopes } });
    else await call('admin/resources', { method: 'POST', body: { audience, scopes } });
    await onSaved();
  };
  return (
    <FormDialog
      title={resource ? resource.audience : texts.access.createResource}
      {...(resource && { about: texts.access.narrowText })}
      label={resource ? texts.save : texts.access.createResource}
      submit={save}
      done={texts.access.saved}
      onClose={onClose}
    >
      {(error) => (
        <>
          {resource && <LiveTokens audience={resource.audience} />}
          {!resource && (
            <Field
              label={texts.access.audience}
              name="audience"
              hint={texts.access.audienceHint}
              value={audience}
              onInput={setAudience}
              error={error}
              isRequired
              hasFocus
            />
          )}
          <Field
            label={texts.scopes}
            name="scopes"
            hint={texts.access.scopesHint}
            rows={6}
            value={lines}
            onInput={setLines}
            error={error}
          />
        </>
      )}
    </FormDialog>
  );
}
