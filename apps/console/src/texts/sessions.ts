import { plural } from './plural.js';

export const sessions = {
  title: 'Sessions',
  about:
    'Where you are logged in. End any session that you do not recognize: every service refuses its tokens at once.',
  current: 'this one',
  used: 'last used',
  begun: 'started',
  ends: 'ends',
  end: {
    label: 'End',
    title: 'End this session?',
    text: 'Its refresh token and its access tokens are refused from now on, by every service.',
    done: 'The session has ended.',
  },
  endCurrentText: 'This is the session of this page: you are logged out.',
  endAll: (count: number) => ({
    label: 'End all sessions',
    title: 'End all sessions?',
    text: `${plural(count, 'session ends', 'sessions end')}. All their tokens are refused from now on, by every service.`,
    done: 'All sessions have ended.',
  }),
  endAllOwnText: (count: number) =>
    `${plural(count, 'session ends', 'sessions end')}, this one too. All their tokens are refused from now on, by every service.`,
  device: (browser: string, system: string) => `${browser} on ${system}`,
  unknownDevice: 'An unknown device',
  unknownPlace: 'from an unknown place',
  thisMachine: 'from the computer that auth runs on',
  privateNetwork: (address: string) => `from a private network (${address})`,
  internet: (address: string) => `from ${address}`,
} as const;
