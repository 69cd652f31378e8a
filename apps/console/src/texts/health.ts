export const health = {
  title: 'Health',
  about: 'The last hour, minute by minute.',
  process: 'Numbers of one auth process:',
  started: 'started',
  logins: 'Logins',
  refreshes: 'Refreshes',
  verdicts: 'Requests with a good token',
  refused: {
    logins: 'Logins refused',
    refreshes: 'Refreshes refused',
    verdicts: 'Tokens refused',
  },
  listEntries: 'Revocations in memory',
  reach: 'Reach: time from a revocation until it was in force here',
  none: 'None in the last hour',
  aMinute: (count: number) => `${count} a minute`,
  inWords: (latest: string, highest: string) => `Last ${latest}, at most ${highest}`,
} as const;
