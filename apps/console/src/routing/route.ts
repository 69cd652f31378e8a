import { CONSOLE } from '../place.js';
import { Store } from '../store.js';

const base = CONSOLE.pathname;

/** The path below `/console/`, such as `users/1`. */
export const route = new Store(currentPath());

/** The address of a path of the console. */
export const href = (path: string) => `${base}${path}`;

/**
 * Goes to a path of the console without loading it anew.
 *
 * @param entry of the history: another one, or this one with another path
 */
export function go(path: string, entry: 'push' | 'replace' = 'push'): void {
  if (entry === 'push') history.pushState(null, '', href(path));
  else history.replaceState(null, '', href(path));
  route.set(currentPath());
  scrollTo(0, 0);
}

/** Follows links of the console, and the buttons of the browser. */
export function followLinks(): void {
  addEventListener('popstate', () => route.set(currentPath()));
  document.addEventListener('click', (event) => {
    const isPlain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    const link = (event.target as Element).closest?.('a[href]');
    if (!isPlain || event.button !== 0 || event.defaultPrevented || !link) return;
    const { pathname, origin, hash } = link as HTMLAnchorElement;
    if (hash !== '' || origin !== location.origin || !pathname.startsWith(base)) return;
    event.preventDefault();
    go(pathname.slice(base.length));
  });
}

/** The parts of a path, decoded; one that is no UTF-8 stays as it is. */
export function partsOf(path: string): string[] {
  return path.split('/').map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
}

function currentPath(): string {
  const { pathname } = location;
  return pathname.startsWith(base) ? pathname.slice(base.length) : '';
}
