export const login = {
  about: 'Log in with your account at this auth server.',
  submit: 'Log in',
  again: 'Your session has ended',
  nothingLost: 'Log in again to continue. What you typed on the page is still there.',
  leave: 'Log in as another user',
  startOver: 'Start over',
  passkey: 'Log in with a passkey',
  forgot: 'Forgot your password?',
  forgotTitle: 'Set a new password',
  forgotText: 'You get an e-mail with a link to set a new password. The link works for 30 minutes.',
  forgotSubmit: 'Send the link',
  forgotSent:
    'If there is an account with this e-mail, and auth can send mail, the link is on its way.',
  register: 'Create an account',
  registered: 'Your account is created.',
  registrationSent: 'You get an e-mail with a link. Open the link, then log in.',
} as const;

export const identity = {
  title: 'Confirm that it is you',
  aboutPassword: 'You logged in some time ago. This change needs your password again.',
  aboutFactor: 'This change needs your second factor.',
  submit: 'Confirm',
  done: 'Confirmed.',
} as const;
