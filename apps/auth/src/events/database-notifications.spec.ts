import { expect, it, vi } from 'vitest';

import { DatabaseNotifications } from './database-notifications.js';

it('a channel takes no second handler', () => {
  const notifications = new DatabaseNotifications();
  const first = vi.fn();
  notifications.on('news', first);
  expect(() => notifications.on('news', vi.fn())).toThrow('news has a handler already');
  expect(notifications.handlers).toEqual({ news: first });
});
