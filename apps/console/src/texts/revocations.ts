import { plural } from './plural.js';

export const revocations = {
  title: 'Revocations',
  about: 'Revoke something, and see how long each service takes to apply it.',
  revoke: 'Revoke',
  kind: 'What',
  kinds: { sid: 'session', jti: 'token', client: 'client', kid: 'key' },
  id: 'Id',
  tryOut: 'Try it with an id that nobody has',
  tryOutHint: 'The trial revokes a random token id: it takes the same way, and harms nobody.',
  done: 'Revoked.',
  ask: {
    sid: {
      title: 'Revoke this session?',
      text: 'All access tokens of the session are refused by every service. Its refresh token is, too.',
    },
    jti: {
      title: 'Revoke this token?',
      text: 'This one access token is refused by every service.',
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
  pendingHint:
    'They did not confirm within five seconds. Nothing they would do afterwards is lost.',
  services: 'Services that follow',
  states: { fresh: 'up to date', stale: 'stale', blind: 'has no list yet' },
  lag: 'behind by',
  seen: 'seen',
  list: 'What is revoked',
  since: 'revoked',
  until: 'kept until its tokens have expired,',
} as const;
