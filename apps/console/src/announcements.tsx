import { Store, useStore } from './store.js';

const SHOWN_MS = 6_000;

const announcement = new Store('');
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says what was done, for some seconds. */
export function announce(text: string): void {
  clearTimeout(timer);
  announcement.set(text);
  timer = setTimeout(() => announcement.set(''), SHOWN_MS);
}

/** Where it is shown and read out. Always there: a live region that appears with its text is not read. */
export function Announcements() {
  const text = useStore(announcement);
  return (
    <div class="announcements" role="status">
      {text && <p>{text}</p>}
    </div>
  );
}
