const RIGHTS_HINT =
  'A change revokes the live access tokens of this user at once. The sessions stay: the next refresh carries the new roles and claims.';

export const users = {
  title: 'Users',
  about: 'Everyone who can log in, the latest first.',
  search: 'E-mail begins with',
  create: 'New user',
  created: 'The user is created.',
  roles: 'Roles',
  one: 'User',
  oneAbout: 'What this user may do, and where they are logged in.',
  id: 'Id',
  rights: 'Roles and claims',
  rightsHint: RIGHTS_HINT,
  own: 'This is you: after the change your next token carries it.',
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
    text: 'All sessions end at once, every token is refused, and logging in is refused until you enable the user again.',
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
    text: 'The password is replaced by a generated one, which you see once. All sessions end at once, and every token is refused.',
    done: 'The password is replaced.',
    shown: 'The new password',
  },
  sendReset: {
    label: 'Send a password reset',
    title: 'Send a password reset?',
    text: 'A link for a new password is mailed to the user. It works once, for 30 minutes. The current password works until then.',
    done: 'The link is mailed.',
  },
  requirePassword: {
    label: 'Require a new password',
    title: 'Require a new password?',
    text: 'The current password ends, and so do all sessions, and every token is refused at once. A link for a new password is mailed to the user.',
    done: 'The current password has ended, and a link for a new one is mailed.',
  },
  deleted: 'being deleted',
  deletedText: (until: string) =>
    `The user has deleted this account. It can be restored until ${until}; then it is removed.`,
  restore: {
    label: 'Restore',
    title: 'Restore this account?',
    text: 'The user has deleted it, and can log in again then. Sessions that have ended stay ended.',
    done: 'The account is restored.',
  },
  remove: {
    label: 'Delete',
    title: 'Delete this user?',
    text: 'The account and all that belongs to it goes, and every token is refused at once. This cannot be taken back. Only ids stay in the audit log.',
    done: 'The user is deleted.',
  },
} as const;
