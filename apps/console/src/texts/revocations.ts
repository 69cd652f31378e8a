import { plural } from './plural.js';

export const revocations = {
  title: 'Revocations',
  about: 'Revoke something, and see how long each service takes to apply it.',
  revoke: 'Revoke',
  kind: 'What',
  kinds: { sid: 'session', jti: 'token', client: 'client', kid: 'key' },
  id: 'Id',
  tryOut: 'Try it with an unused id',
  tryOutHint:
    'This revokes a random token id. The revocation reaches the services as any other does, and no user is logged out.',
  done: 'Revoked.',
  ask: {
    sid: {
      title: 'Revoke this session?',
      text: 'Every service refuses all access tokens of the session. Its refresh token is refused, too.',
    },
    jti: {
      title: 'Revoke this token?',
      text: 'Every service refuses this one access token.',
    },
    client: {
      title: 'Revoke all tokens of this client?',
      text: 'Every token issued to it until now is refused. The client can get new ones. For “web” these are the tokens of all users.',
    },
    kid: {
      title: 'Revoke this key?',
      text: 'Every token that it has signed is refused. For a stolen key, withdraw it on the page Keys.',
    },
  },
  receipt: (applied: number, pending: number) =>
    `Applied by ${applied} of ${plural(applied + pending, 'service process', 'service processes')}`,
  pending: 'not yet',
  pendingHint: 'They did not confirm within five seconds. They apply it as soon as they are back.',
  services: 'Services that follow the feed',
  states: { fresh: 'up to date', stale: 'stale', blind: 'has no list yet' },
  lag: 'behind by',
  seen: 'last seen',
  list: 'What is revoked',
  since: 'revoked',
  until: 'kept until',
} as const;
