import { h, options, render } from 'preact';
import { expect, it } from 'vitest';

import { Store, useStore } from './store.js';

it('shows what is set between a rendering and its effects', async () => {
  const store = new Store('before');
  const seen: string[] = [];
  function Follower() {
    seen.push(useStore(store));
    return null;
  }
  const frames: (() => void)[] = [];
  options.requestAnimationFrame = (callback) => frames.push(callback);
  render(h(Follower, null), { childNodes: [] } as unknown as Element);
  store.set('after');
  for (const callback of frames) callback();
  await Promise.resolve();
  expect(seen).toEqual(['before', 'after']);
});
