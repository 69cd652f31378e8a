export const keys = {
  title: 'Keys',
  about:
    'The keys that sign tokens, and when each was published, active and retired. Now is on the right.',
  states: { next: 'next', active: 'active', retired: 'retired', withdrawn: 'withdrawn' },
  published: 'published',
  signed: 'signs since',
  over: 'over since',
  legend: 'The time line',
  lineFrom: (begin: string) => `Time line from ${begin} to now`,
  phases: {
    published: 'published: services know it before it signs',
    signing: 'signs new tokens',
    over: 'signs no more: tokens of a retired key stay valid, those of a withdrawn key do not',
  },
  rotate: {
    label: 'Rotate',
    title: 'Rotate the keys?',
    text: 'The next key signs from now on, and a new next key is published. Users notice nothing: tokens of the old key stay valid until they expire.',
    done: 'The next key signs now.',
  },
  withdraw: {
    label: 'Withdraw',
    title: 'Is this key stolen?',
    done: 'The key is withdrawn.',
  },
  withdrawText: {
    active:
      'Every token that this key has signed is refused by every service at once, yours too. Another key is active before the answer comes. Sessions go on: pages and services fetch a new token by themselves.',
    next: 'It signs nothing yet, so no token is refused. A new next key is published.',
    retired: 'Every token that this key has signed, and that has not expired, is refused at once.',
  },
  drill: 'The drill for a stolen key',
  steps: [
    'Find the key: a forged token names it as kid in its header; without one, take the active key.',
    'Withdraw it. If the thief may have the next key, too, withdraw that one first, and wait some seconds.',
    'Check that it is gone from the JWKS, and that the feed says so. This page shows both.',
    'Log out nobody: refresh tokens are not signed.',
    'If the encryption key may be known, change it: see docs/keys.md.',
  ],
  checks: 'After the withdrawal',
  gone: 'Its name is gone from the JWKS.',
  inFeed:
    'It is among the revocations that the feed sends, so that services that remember it refuse it.',
  nobodyOut: 'Nobody has to log in again. The withdrawal is in the audit log.',
  yes: 'yes',
  notYet: 'not yet',
} as const;
