import { useEffect, useState } from 'preact/hooks';

import { call } from './api.js';
import type { ApiError } from './problem.js';
import { useAction } from './use-action.js';
import { useQuery } from './use-query.js';

interface ListPage<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export interface Pages<Item> {
  /** Of all pages so far; `undefined` before the first. */
  readonly items: readonly Item[] | undefined;
  readonly error: ApiError | undefined;
  readonly isLoading: boolean;
  /** Reads the next page; `undefined` when there is none. */
  readonly more: (() => void) | undefined;
  /** Begins anew with the first page, and waits for it. */
  readonly reload: () => Promise<void>;
}

const LIMIT = '20';
/** The most items that auth puts into one page. */
export const MOST = '100';

/** The pages after the first one; no longer shown when that was read again. */
interface Later<Item> {
  readonly first?: ListPage<Item> | undefined;
  readonly pages: readonly ListPage<Item>[];
}

/** A list of auth, page by page. @param search may also have another `limit` of a page */
export function usePages<Item>(
  list: string,
  search: Readonly<Record<string, string>> = {},
): Pages<Item> {
  const filled = Object.entries(search).filter(([, value]) => value !== '');
  const query = new URLSearchParams({ limit: LIMIT, ...Object.fromEntries(filled) });
  const path = `${list}?${query}`;
  const first = useQuery<ListPage<Item>>(path);
  const [later, setLater] = useState<Later<Item>>({ pages: [] });
  const action = useAction();

  const { data } = first;
  const laterOf = ({ first: page, pages }: Later<Item>) => (page === data ? pages : []);
  const pages = data && [data, ...laterOf(later)];
  const cursor = pages?.at(-1)?.nextCursor;
  return {
    items: pages?.flatMap(({ items }) => items),
    error: first.error ?? action.error,
    isLoading: action.isRunning,
    more: cursor
      ? () =>
          void action.run(async () => {
            const page = await call<ListPage<Item>>(`${path}&cursor=${encodeURIComponent(cursor)}`);
            setLater((before) => ({ first: data, pages: [...laterOf(before), page] }));
          })
      : undefined,
    reload: first.reload,
  };
}

/**
 * All items of a list, for a choice, which has to offer each. They are read again whenever the first page
 * is: `error` says why some are missing until then.
 */
export function useAll<Item>(list: string): Pick<Pages<Item>, 'items' | 'error'> {
  const path = `${list}?limit=${MOST}`;
  const first = useQuery<ListPage<Item>>(path);
  const [later, setLater] = useState<Later<Item> & { readonly error?: ApiError }>({ pages: [] });
  const { data } = first;
  useEffect(() => {
    const ended = new AbortController();
    const readRest = async (): Promise<void> => {
      const pages: ListPage<Item>[] = [];
      let cursor = data?.nextCursor;
      while (cursor) {
        const { signal } = ended;
        const next = `${path}&cursor=${encodeURIComponent(cursor)}`;
        const page: ListPage<Item> = await call<ListPage<Item>>(next, { signal });
        pages.push(page);
        cursor = page.nextCursor;
        setLater({ first: data, pages: [...pages] });
      }
    };
    readRest().catch((error: unknown) => {
      if (!ended.signal.aborted)
        setLater(({ pages }) => ({ first: data, pages, error: error as ApiError }));
    });
    return () => ended.abort();
  }, [data, path]);
  const isCurrent = later.first === data;
  const pages = data && [data, ...(isCurrent ? later.pages : [])];
  return {
    items: pages?.flatMap(({ items }) => items),
    error: first.error ?? (isCurrent ? later.error : undefined),
  };
}

/** A value that follows another one when that has rested for a moment. */
export function useDelayed<T>(value: T, ms = 250): T {
  const [delayed, setDelayed] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setDelayed(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return delayed;
}
