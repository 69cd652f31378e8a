export const keys = {
  title: 'Keys',
  about:
    'The keys that sign tokens, and when each was published, active and retired. The right end of a line is now.',
  states: { next: 'next', active: 'active', retired: 'retired', withdrawn: 'withdrawn' },
  published: 'published',
  signed: 'started signing',
  over: 'taken out of use',
  legend: 'The time line',
  lineFrom: (begin: string) => `Time line from ${begin} to now`,
  phases: {
    published: 'published: services know it before it signs',
    signing: 'signs new tokens',
    over: 'no longer signs: tokens of a retired key stay valid, those of a withdrawn key do not',
  },
  rotate: {
    label: 'Rotate',
    title: 'Rotate the keys?',
    text: 'The next key signs from now on, and a new next key is published. Users notice nothing: tokens of the old key stay valid until they expire.',
    done: 'The next key signs now.',
  },
  withdraw: {
    label: 'Withdraw',
    title: 'Withdraw this key?',
    done: 'The key is withdrawn.',
  },
  withdrawText: {
    active:
      'All services refuse the tokens of this key at once, yours too. Another key becomes active. Sessions stay open: pages and services get new tokens by themselves.',
    next: 'It has not signed any token yet, so no token is refused. A new next key is published.',
    retired: 'Every token that this key has signed, and that has not expired, is refused at once.',
  },
  drill: 'What to do when a key is stolen',
  steps: [
    'Find the key: it is the kid in the header of a forged token. Without such a token, take the active key.',
    'Withdraw it. If the next key may be stolen, too, withdraw that one first, and wait some seconds.',
    'Check that it is gone from the JWKS, and that the feed sends the revocation. This page shows both.',
    'Do not log out any user: refresh tokens are not signed.',
    'If the encryption key may be stolen, too, replace it: see docs/keys.md.',
  ],
  checks: 'After the withdrawal',
  gone: 'It is gone from the JWKS.',
  inFeed: 'The feed sends its revocation, so services that still have the key refuse it.',
  nobodyOut: 'Nobody has to log in again. The withdrawal is in the audit log.',
  yes: 'yes',
  notYet: 'not yet',
} as const;
