import type { PostgresRevocationSource } from '@jwt-auth/jwt-core/postgres';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { KeyRing } from './key-ring.js';
import type { KeyRotationService } from './key-rotation.service.js';
import { KeysError } from './keys.errors.js';
import { KeyWatch } from './key-watch.js';
import { DatabaseNotifications } from '../events/database-notifications.js';
import { KEYS_CHANNEL } from './keys.repository.js';

let isAway: boolean;
let lines: string[];
let watch: KeyWatch;
let rotations: number;
let active: { kid: string };
let announced: string[];
let change: () => void;
let isFull: boolean;
let reloads: number;
let notifications: DatabaseNotifications;

beforeEach(() => {
  vi.useFakeTimers();
  [isAway, lines, rotations, active] = [false, [], 0, { kid: 'one' }];
  [announced, isFull, reloads] = [[], false, 0];
  notifications = new DatabaseNotifications();
  const line = (text: string): void => void lines.push(text);
  vi.spyOn(Logger.prototype, 'log').mockImplementation(line);
  vi.spyOn(Logger.prototype, 'warn').mockImplementation(line);
  const keyRing = {
    get active() {
      return active;
    },
    get fingerprint() {
      return `of ${active.kid}`;
    },
    onChange: (listener: () => void) => {
      change = listener;
    },
    reload: () => {
      reloads += 1;
      return isAway ? Promise.reject(new Error('away')) : Promise.resolve();
    },
  };
  const rotation = {
    rotateIfDue: () => {
      rotations += 1;
      const refused = new KeysError('too_many_keys', '100 keys are published');
      return isFull ? Promise.reject(refused) : Promise.resolve();
    },
  };
  watch = new KeyWatch(
    keyRing as unknown as KeyRing,
    rotation as unknown as KeyRotationService,
    {
      announceKeySet: (fingerprint: string) => announced.push(fingerprint),
    } as unknown as PostgresRevocationSource,
    notifications,
  );
  watch.onApplicationBootstrap();
});
afterEach(async () => {
  await watch.onModuleDestroy();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000);

it('looks twice a second, and names the key that signs once', async () => {
  await pass(2);
  expect(rotations).toBe(4);
  active = { kid: 'two' };
  await pass(2);
  expect(lines).toEqual([
    'Tokens are signed with the key one',
    'Tokens are signed with the key two',
  ]);
});

it('announces the keys at the start, and whenever others are published', () => {
  expect(announced).toEqual(['of one']);
  active = { kid: 'two' };
  change();
  expect(announced).toEqual(['of one', 'of two']);
});

it('says once that a rotation is refused, and still all that happens meanwhile', async () => {
  isFull = true;
  await pass(2);
  isAway = true;
  await pass(2);
  isAway = false;
  active = { kid: 'two' };
  await pass(2);
  expect(lines).toEqual([
    'The signing keys cannot be rotated',
    'Tokens are signed with the key one',
    'The signing keys cannot be followed',
    'Tokens are signed with the key two',
    'The signing keys can be read again',
  ]);
});

it('goes on while the database is away, and says so once for each outage', async () => {
  await pass(1);
  for (let outage = 1; outage <= 2; outage += 1) {
    isAway = true;
    await pass(2);
    isAway = false;
    await pass(2);
  }
  expect(lines.slice(1)).toEqual([
    'The signing keys cannot be followed',
    'The signing keys can be read again',
    'The signing keys cannot be followed',
    'The signing keys can be read again',
  ]);
});

it('looks no more once it is stopped', async () => {
  await pass(1);
  await watch.onModuleDestroy();
  const before = rotations;
  await pass(5);
  expect(rotations).toBe(before);
});

it('reads the keys at once when another process has changed them, until it is stopped', async () => {
  const notify = () => notifications.handlers[KEYS_CHANNEL]?.('');
  notify();
  expect(reloads).toBe(1);
  isAway = true;
  notify();
  await pass(0);
  expect([reloads, lines]).toEqual([2, []]);
  await watch.onModuleDestroy();
  notify();
  expect(reloads).toBe(2);
});
