import { plural } from './plural.js';

export const factors = {
  title: 'Second factors',
  about: 'What a login needs in addition to your password.',
  kinds: { totp: 'Authenticator app', passkey: 'Passkey' },
  since: 'added',
  add: 'Add an authenticator app',
  addPasskey: 'Add a passkey',
  addPasskeyText: 'The browser asks you to confirm with your device: by PIN, fingerprint or face.',
  passkeyAdded: 'The passkey is added.',
  usePasskey: 'Use a passkey',
  addText:
    'You can use any app for one-time passwords. Each login then asks for a code of six digits from it.',
  name: 'Name',
  next: 'Next',
  scan: 'Scan the QR code with the app, or type the key into it. Then enter the code that the app shows.',
  qrCode: 'QR code for the app',
  secret: 'Key',
  code: 'Code',
  recoveryCode: 'Recovery code',
  codeHint: 'Six digits from your authenticator app, or a recovery code.',
  confirm: 'Confirm',
  added: 'The authenticator app is added.',
  recoveryCodes: 'Recovery codes',
  keepCodes:
    'Each code works once instead of the app. Keep the codes where you can read them without the app.',
  codesLeft: (count: number) => `${plural(count, 'code is', 'codes are')} left.`,
  newCodes: {
    label: 'New recovery codes',
    title: 'Make new recovery codes?',
    text: 'You get ten new codes. The old ones no longer work.',
    done: 'There are new recovery codes.',
  },
  remove: {
    label: 'Remove',
    title: 'Remove this second factor?',
    text: 'A login no longer asks for it. You get an e-mail about the change.',
    done: 'The second factor is removed.',
  },
  reset: {
    label: 'Remove second factors',
    title: 'Remove all second factors?',
    text: 'For a user who has lost them. The password alone is then enough to log in, and the user gets an e-mail about it. The access tokens are refused at once. The sessions stay open.',
    done: 'The second factors are removed.',
  },
  requires: 'Needs a second factor',
} as const;
