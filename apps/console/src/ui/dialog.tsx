import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { useAction } from '../api/use-action.js';
import { texts } from '../texts.js';
import { Button, Failure } from './controls.js';

interface DialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** Called for Escape; without it the dialog stays. */
  readonly onClose?: () => void;
}

/** A modal dialog: keeps the focus, and gives it back to what had it before. */
export function Dialog({ title, children, onClose }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      // Chromium closes it without `cancel` when Escape is pressed again.
      onClose={({ currentTarget }) => {
        if (!currentTarget.isConnected) return;
        if (onClose) onClose();
        else currentTarget.showModal();
      }}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

/** What a change is called, what it will do, and what is said when it was done. */
interface ActionTexts {
  readonly label: string;
  readonly title: string;
  readonly text: string;
  readonly done: string;
}

interface ConfirmProps {
  readonly says: ActionTexts;
  readonly action: () => Promise<unknown>;
  readonly onClose: () => void;
  /** Below the text. */
  readonly children?: ComponentChildren;
}

/** Asks before a change. */
export function Confirm({ says, action, onClose, children }: ConfirmProps) {
  const { run, isRunning, error } = useAction();
  const confirm = async () => {
    if (await run(action, says.done)) onClose();
  };
  return (
    <Dialog title={says.title} onClose={onClose}>
      <div class="text">
        <p>{says.text}</p>
        {children}
      </div>
      <Failure error={error} />
      {/* There is no field to show it at. */}
      {error?.faults.map(({ path, message }) => (
        <p key={path} class="fault">
          {path}: {message}
        </p>
      ))}
      <div class="buttons">
        <Button onClick={onClose}>{texts.cancel}</Button>
        <Button kind="danger" isBusy={isRunning} onClick={() => void confirm()}>
          {says.label}
        </Button>
      </div>
    </Dialog>
  );
}

/** A button for a change that is asked for first. */
export function ConfirmButton({
  subject,
  kind = 'danger',
  ...confirm
}: Omit<ConfirmProps, 'onClose'> & {
  /** For screen readers, where the label alone does not say of what. */
  readonly subject?: string;
  readonly kind?: 'primary' | 'danger' | 'plain';
}) {
  const { label } = confirm.says;
  return (
    <DialogButton label={label} kind={kind} {...(subject && { name: `${label}: ${subject}` })}>
      {(close) => <Confirm {...confirm} onClose={close} />}
    </DialogButton>
  );
}

/** A button that opens a dialog, for one use. */
export function DialogButton({
  label,
  name,
  kind,
  children,
}: {
  readonly label: string;
  /** For screen readers, where the label alone does not say of what. */
  readonly name?: string;
  readonly kind?: 'primary' | 'danger' | 'plain';
  readonly children: (close: () => void) => ComponentChildren;
}) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button {...(kind && { kind })} {...(name && { label: name })} onClick={() => setOpen(true)}>
        {label}
      </Button>
      {isOpen && children(() => setOpen(false))}
    </>
  );
}
