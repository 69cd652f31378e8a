import { useState } from 'preact/hooks';

import { texts } from '../texts.js';
import { Field } from '../ui/controls.js';
import { FormDialog, type FormDialogProps } from '../ui/form-dialog.js';

interface NameFormProps extends Pick<FormDialogProps, 'title' | 'about' | 'done' | 'onClose'> {
  readonly initial: string;
  readonly submit: (name: string) => Promise<unknown>;
}

/** Asks for the name of a new factor. */
export function NameForm({ initial, submit, ...dialog }: NameFormProps) {
  const [name, setName] = useState(initial);
  return (
    <FormDialog {...dialog} label={texts.factors.next} submit={() => submit(name)}>
      {(error) => (
        <Field
          label={texts.factors.name}
          name="name"
          value={name}
          onInput={setName}
          error={error}
          hasFocus
          isRequired
        />
      )}
    </FormDialog>
  );
}
