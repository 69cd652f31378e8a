const RIGHTS_HINT =
  'A change revokes the live access tokens of this user at once. The sessions stay open: the next refresh brings the new roles and claims.';

export const users = {
  title: 'Users',
  about: 'All users, newest first.',
  search: 'E-mail begins with',
  create: 'New user',
  created: 'The user is created.',
  roles: 'Roles',
  one: 'User',
  oneAbout: 'What this user may do, and where they are logged in.',
  id: 'Id',
  rights: 'Roles and claims',
  rightsHint: RIGHTS_HINT,
  own: 'This is your own account. Your next token has the change.',
  change: {
    label: 'Save',
    title: 'Change the roles and claims?',
    text: RIGHTS_HINT,
    done: 'Saved. The old access tokens are revoked.',
  },
  unchanged: 'There is nothing to save.',
  actions: 'Account',
  disable: {
    label: 'Disable',
    title: 'Disable this user?',
    text: 'All sessions end at once, every token is refused, and the user cannot log in until you enable the account again.',
    done: 'The user is disabled.',
  },
  enable: {
    label: 'Enable',
    title: 'Enable this user?',
    text: 'The user can log in again. Sessions that have ended stay ended.',
    done: 'The user is enabled.',
  },
  newPassword: {
    label: 'New password',
    title: 'Replace the password?',
    text: 'A generated password replaces the current one. You see it once. All sessions end at once, and every token is refused.',
    done: 'The password is replaced.',
    shown: 'The new password',
  },
  sendReset: {
    label: 'Send a password reset',
    title: 'Send a password reset?',
    text: 'The user gets an e-mail with a link to set a new password. The link works once, for 30 minutes. The current password works until it is replaced.',
    done: 'The link was sent.',
  },
  requirePassword: {
    label: 'Require a new password',
    title: 'Require a new password?',
    text: 'The current password no longer works, all sessions end, and every token is refused at once. The user gets an e-mail with a link to set a new password.',
    done: 'The current password no longer works. A link to set a new one was sent.',
  },
  deleted: 'being deleted',
  deletedText: (until: string) =>
    `The user has deleted this account. It can be restored until ${until}; then it is removed.`,
  restore: {
    label: 'Restore',
    title: 'Restore this account?',
    text: 'The user has deleted this account. Restored, it can log in again. Sessions that have ended stay ended.',
    done: 'The account is restored.',
  },
  remove: {
    label: 'Delete',
    title: 'Delete this user?',
    text: 'The account and all its data are removed, and every token is refused at once. This cannot be undone. Only ids stay in the audit log.',
    done: 'The user is deleted.',
  },
} as const;
