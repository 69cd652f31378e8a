/**
 * The members of `now` that differ from those that a form began with. Only they are sent: the others may have been
 * changed by someone else meanwhile. Lists are sets, as roles and scopes are.
 */
export function changesOf<T extends object>(begun: Partial<T>, now: T): Partial<T> {
  const names = Object.keys(now) as (keyof T)[];
  const changed = names.filter((name) => comparable(begun[name]) !== comparable(now[name]));
  return Object.fromEntries(changed.map((name) => [name, now[name]])) as Partial<T>;
}

const comparable = (value: unknown) =>
  JSON.stringify(Array.isArray(value) ? value.map(String).sort() : value);
