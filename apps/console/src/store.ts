import { useEffect, useState } from 'preact/hooks';

/** A value that components follow. */
export class Store<T> {
  private readonly listeners = new Set<() => void>();

  constructor(private current: T) {}

  get value(): T {
    return this.current;
  }

  set(value: T): void {
    if (Object.is(value, this.current)) return;
    this.current = value;
    for (const listener of [...this.listeners]) listener();
  }

  /** @returns a function that removes the listener */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** The value of a store, also of the next renderings. */
export function useStore<T>(store: Store<T>): T {
  const [, render] = useState(0);
  const { value } = store;
  useEffect(() => {
    const renderAgain = () => render((count) => count + 1);
    // It may have been set since it was rendered.
    if (!Object.is(store.value, value)) renderAgain();
    return store.subscribe(renderAgain);
  }, [store]);
  return value;
}
