export const account = {
  title: 'Account',
  about: 'Your e-mail, your password, and all the data about you.',
  verified: 'verified',
  verify: 'Send the link again',
  verifySent: 'You get an e-mail with a link. Open it to verify the e-mail.',
  changeEmail: 'Change the e-mail',
  changeEmailText:
    'A link is sent to the new e-mail. The e-mail of your account changes when you open the link, within 30 minutes. The old e-mail gets a notice.',
  newEmail: 'New e-mail',
  emailSent: 'A link was sent to the new e-mail.',
  passwordText: 'When you change the password, all your other sessions end at once.',
  changePassword: 'Change the password',
  currentPassword: 'Current password',
  newPassword: 'New password',
  passwordChanged: 'The password is changed, and all other sessions have ended.',
  export: 'Your data',
  exportText:
    'All the data about your account, as one file: the account, sessions, second factors, and the events of the audit log that are about you. It contains no secrets.',
  exportButton: 'Export as a file',
  exported: 'The file is saved.',
  remove: 'Delete the account',
  removeText:
    'Your account is removed after 7 days. Until then it can be restored: with a link that you get by e-mail, if auth can send mail, or by an administrator.',
  confirmRemove: {
    label: 'Delete my account',
    title: 'Delete your account?',
    text: 'All your sessions end at once, this one too, and every token is refused. For 7 days the account can be restored: with a link that you get by e-mail, if auth can send mail, or by an administrator. Then all its data is removed, and only ids stay in the audit log.',
    done: 'The account is deleted.',
  },
  removed: (email: string, until: string) =>
    `Your account is deleted. Until ${until} it can be restored: with the link that was sent to ${email}, if auth can send mail, or by an administrator.`,
} as const;
