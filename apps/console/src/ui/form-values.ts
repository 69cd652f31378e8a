import { ApiError } from '../api/problem.js';
import { texts } from '../texts.js';

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

export const asText = (value: unknown) => JSON.stringify(value, null, 2);

/** @throws ApiError for `name`, if the text is no JSON object */
export function asObject(text: string, name: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text.trim() === '' ? '{}' : text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Said below.
  }
  const fault = { path: name, message: texts.noObject };
  throw new ApiError('invalid_input', texts.problems.invalid_input, [fault]);
}
