import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';

import type { ApiError } from '../api/problem.js';
import { texts } from '../texts.js';

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly onClick?: () => void;
  readonly kind?: 'primary' | 'danger' | 'plain';
  readonly type?: 'button' | 'submit';
  /** Shows that something runs, and takes no further clicks. The focus stays. */
  readonly isBusy?: boolean;
  /** For screen readers, where the text alone does not say of what. */
  readonly label?: string;
}

export function Button({
  children,
  onClick,
  kind = 'plain',
  type = 'button',
  isBusy = false,
  label,
}: ButtonProps) {
  return (
    <button
      type={type}
      class={`button ${kind}`}
      aria-disabled={isBusy}
      aria-label={label}
      onClick={isBusy ? (event) => event.preventDefault() : onClick}
    >
      {children}
    </button>
  );
}

export interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly hint?: string;
  /** The error of the form: what it says of `name` is shown here. */
  readonly error?: ApiError | undefined;
  readonly name?: string;
  readonly type?: 'text' | 'email' | 'password' | 'search' | 'date';
  readonly autoComplete?: string;
  readonly isRequired?: boolean;
  readonly rows?: number;
  readonly hasFocus?: boolean;
}

/** Browsers accept fewer e-mails than auth does: so only the keyboard is that of an e-mail. */
const typeOf = (type: FieldProps['type'] = 'text') =>
  type === 'email' ? { type: 'text', inputMode: 'email', autoCapitalize: 'none' } : { type };

/** A text with its label, and below it a hint and what was wrong with it. */
export function Field({
  label,
  value,
  onInput,
  hint,
  error,
  name,
  rows,
  hasFocus,
  ...input
}: FieldProps) {
  const id = useId();
  const fault = faultOf(name, error);
  const shared = {
    id,
    name,
    value,
    spellcheck: false,
    autoFocus: hasFocus,
    required: input.isRequired,
    'aria-invalid': fault !== '',
    'aria-describedby': `${id}-hint ${id}-fault`,
    onInput: (event: { readonly currentTarget: { readonly value: string } }) =>
      onInput(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {rows ? (
        <textarea {...shared} rows={rows} />
      ) : (
        // The types demand one role for each type.
        <input
          {...shared}
          {...(typeOf(input.type) as { type: 'text' })}
          autocomplete={input.autoComplete ?? 'off'}
        />
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <Fault id={id} text={fault} />
    </div>
  );
}

interface PasswordFieldProps extends Pick<FieldProps, 'value' | 'onInput' | 'error' | 'hasFocus'> {
  readonly label?: string;
  readonly name?: string;
  /** One that the user chooses, and a password manager then keeps. Else it fills in the present one. */
  readonly isNew?: boolean;
}

export function PasswordField({
  label = texts.password,
  name = 'password',
  isNew = false,
  ...field
}: PasswordFieldProps) {
  return (
    <Field
      {...field}
      label={label}
      name={name}
      type="password"
      autoComplete={isNew ? 'new-password' : 'current-password'}
      {...(isNew && { hint: texts.passwordHint })}
      isRequired
    />
  );
}

/** What an error says of a field, or of a part of it. */
function faultOf(name: string | undefined, error: ApiError | undefined): string {
  const faults = error?.faults.filter(({ path }) => name && path.split('.')[0] === name) ?? [];
  return faults.map(({ message }) => message).join('. ');
}

/** @param id of the field, which names it by `aria-describedby` */
function Fault({ id, text }: { readonly id: string; readonly text: string }) {
  if (text === '') return null;
  return (
    <p class="fault" id={`${id}-fault`}>
      {text}
    </p>
  );
}

export interface ChoicesProps {
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly hint?: string }[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
  /** The error of the form: what it says of `name` is shown here. */
  readonly error?: ApiError | undefined;
  readonly name?: string;
  /** Why options are missing. */
  readonly failure?: ApiError | undefined;
}

/** Any number of several options. A chosen one that no longer exists stays, to be removed. */
export function Choices({ label, options, chosen, onChange, error, name, failure }: ChoicesProps) {
  const id = useId();
  const [begun] = useState(chosen);
  const known = new Map(options.map(({ value, hint }) => [value, hint]));
  const values = [...new Set([...known.keys(), ...begun, ...chosen])];
  const toggle = (value: string) =>
    onChange(chosen.includes(value) ? chosen.filter((each) => each !== value) : [...chosen, value]);
  return (
    <fieldset class="field" aria-describedby={`${id}-fault`}>
      <legend>{label}</legend>
      <div class="choices">
        {values.map((value) => (
          <label key={value} title={known.get(value)}>
            <input
              type="checkbox"
              checked={chosen.includes(value)}
              onChange={() => toggle(value)}
            />
            <span>{value}</span>
          </label>
        ))}
        {values.length === 0 && <p class="hint">{texts.none}</p>}
      </div>
      <Fault id={id} text={faultOf(name, error)} />
      <Failure error={failure} />
    </fieldset>
  );
}

interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onChange: (value: string) => void;
}

export function Select({ label, value, options, onChange }: SelectProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

/** What went wrong as a whole. Read out when it appears. */
export function Failure({ error }: { readonly error: ApiError | undefined }) {
  return <div role="alert">{error && <p class="failure">{error.message}</p>}</div>;
}

export function Badge({
  children,
  tone,
}: {
  readonly children: ComponentChildren;
  readonly tone?: Tone;
}) {
  return <span class={`badge ${tone ?? ''}`}>{children}</span>;
}
export type Tone = 'good' | 'bad' | 'warning' | 'accent';
