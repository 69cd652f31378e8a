import { texts } from '../texts.js';
import { Field, type FieldProps } from '../ui/controls.js';

/** The e-mail of the user's own account, which a browser may fill in. */
export function AccountEmail(field: Pick<FieldProps, 'value' | 'onInput' | 'error' | 'hasFocus'>) {
  return (
    <Field
      {...field}
      label={texts.login.email}
      name="email"
      type="email"
      autoComplete="username"
      isRequired
    />
  );
}
