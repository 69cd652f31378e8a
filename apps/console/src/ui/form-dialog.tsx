import type { ComponentChildren } from 'preact';

import type { ApiError } from '../api/problem.js';
import { useAction } from '../api/use-action.js';
import { texts } from '../texts.js';
import { Button, Failure } from './controls.js';
import { Dialog } from './dialog.js';

export interface FormDialogProps {
  readonly title: string;
  /** What saving does beyond what is seen. */
  readonly about?: string;
  readonly submit: () => Promise<unknown>;
  readonly done?: string;
  readonly label?: string;
  readonly onClose: () => void;
  /** The fields; `error` is what auth says of them. */
  readonly children: (error: ApiError | undefined) => ComponentChildren;
}

/** A form in a dialog, which closes when it was saved. */
export function FormDialog({
  title,
  about,
  submit,
  done,
  label,
  onClose,
  children,
}: FormDialogProps) {
  const { run, isRunning, error } = useAction();
  const save = async (event: Event) => {
    event.preventDefault();
    if (await run(submit, done)) onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={(event) => void save(event)}>
        {about && <p class="text">{about}</p>}
        {children(error)}
        <Failure error={error} />
        <div class="buttons">
          <Button onClick={onClose}>{texts.cancel}</Button>
          <Button type="submit" kind="primary" isBusy={isRunning}>
            {label ?? texts.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Shows a secret that nobody can read again. */
export function SecretDialog({
  title,
  children,
  onClose,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p class="text">{texts.shownOnce}</p>
      {children}
      <div class="buttons">
        <Button kind="primary" onClick={onClose}>
          {texts.close}
        </Button>
      </div>
    </Dialog>
  );
}
