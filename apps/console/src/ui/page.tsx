import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import type { ApiError } from '../api/problem.js';
import type { Pages } from '../api/use-pages.js';
import { texts } from '../texts.js';
import { Button, Failure } from './controls.js';

interface PageProps {
  readonly title: string;
  readonly about: string;
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** A page with its heading, which gets the focus when the page appears: screen readers read it. */
export function Page({ title, about, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ${texts.name}`;
    heading.current?.focus();
  }, [title]);
  return (
    <>
      <header class="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          <p class="about">{about}</p>
        </div>
        {actions && <div class="buttons">{actions}</div>}
      </header>
      {children}
    </>
  );
}

export function Card({
  title,
  children,
}: {
  readonly title?: string;
  readonly children: ComponentChildren;
}) {
  return (
    <section class="card">
      {title && <h2>{title}</h2>}
      {children}
    </section>
  );
}

/** In the place of what has not been read yet. */
export function Pending({ error }: { readonly error: ApiError | undefined }) {
  return error ? <Failure error={error} /> : <p class="hint">{texts.loading}</p>;
}

interface RowsProps<Item> {
  readonly items: readonly Item[] | undefined;
  readonly error: ApiError | undefined;
  readonly keyOf: (item: Item) => string;
  readonly children: (item: Item) => ComponentChildren;
  readonly label: string;
}

/** A list, also while there is nothing in it yet. */
export function Rows<Item>({ items, error, keyOf, children, label }: RowsProps<Item>) {
  if (!items) return <Pending error={error} />;
  if (items.length === 0) return <p class="hint">{texts.none}</p>;
  return (
    <>
      <Failure error={error} />
      <ul class="rows" aria-label={label}>
        {items.map((item) => (
          <li key={keyOf(item)}>{children(item)}</li>
        ))}
      </ul>
    </>
  );
}

/** Reads the next page of a list. */
export function More<Item>({ pages }: { readonly pages: Pages<Item> }) {
  if (!pages.more) return null;
  return (
    <div class="more">
      <Button isBusy={pages.isLoading} onClick={pages.more}>
        {texts.more}
      </Button>
    </div>
  );
}
