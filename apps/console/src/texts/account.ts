export const account = {
  title: 'Account',
  about: 'Your e-mail, your password, and all the data about you.',
  verified: 'verified',
  verify: 'Send the link again',
  verifySent: 'A link is mailed to you. It verifies the e-mail.',
  changeEmail: 'Change the e-mail',
  changeEmailText:
    'A link is mailed to the new e-mail. The account has it once the link is used, within 30 minutes, and the old one is told.',
  newEmail: 'New e-mail',
  emailSent: 'A link is mailed to the new e-mail.',
  passwordText: 'With a new password all other sessions end at once.',
  changePassword: 'Change the password',
  currentPassword: 'Current password',
  newPassword: 'New password',
  passwordChanged: 'The password is changed, and all other sessions have ended.',
  export: 'Your data',
  exportText:
    'All the data about your account, as one file: the account, sessions, second factors, and the events of the audit log that are about you. It has no secrets.',
  exportButton: 'Export as a file',
  exported: 'The file is saved.',
  remove: 'Delete the account',
  removeText:
    'For 7 days nothing is removed. Until then the account can be restored: by a link that is mailed to you, if auth can send mail, or by an administrator.',
  confirmRemove: {
    label: 'Delete my account',
    title: 'Delete your account?',
    text: 'All your sessions end at once, this one too, and every token is refused. For 7 days the account can be restored: by a link that is mailed to you, if auth can send mail, or by an administrator. Then all that belongs to it is removed, and only ids stay in the audit log.',
    done: 'The account is deleted.',
  },
  removed: (email: string, until: string) =>
    `Your account is deleted. Until ${until} it can be restored, by the link that is mailed to ${email}, if auth can send mail, or by an administrator.`,
} as const;
