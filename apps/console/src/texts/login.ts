export const login = {
  about: 'Log in with your account at this auth server.',
  submit: 'Log in',
  again: 'Your session has ended',
  nothingLost: 'Log in again to go on. What you typed on the page is still there.',
  leave: 'Log in as another user',
  startOver: 'Start over',
  passkey: 'Log in with a passkey',
  forgot: 'Forgot your password?',
  forgotTitle: 'Set a new password',
  forgotText: 'A link that sets a new password is mailed to you. It works for 30 minutes.',
  forgotSubmit: 'Mail the link',
  forgotSent: 'If this e-mail has an account, and auth can send mail, the link is on its way.',
  register: 'Create an account',
  registered: 'Your account is created.',
  registrationSent: 'Open the link that is mailed to you, and log in then.',
} as const;

export const identity = {
  title: 'Confirm that it is you',
  aboutPassword: 'You logged in a while ago, and this change needs your password again.',
  aboutFactor: 'This change needs your second factor.',
  submit: 'Confirm',
  done: 'Confirmed.',
} as const;
