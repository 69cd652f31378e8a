import { expect, it } from 'vitest';
import { oddPlaces } from './odd-drafts.js';

it('has every odd value for every header', () => {
  const operation = { method: 'GET', path: '/', parameters: [], body: undefined, responses: {} };
  const draft = { path: {}, query: [], headers: {}, body: undefined };
  const places = oddPlaces(operation, { paths: {} }, draft, undefined);
  const place = places.find(({ name }) => name === 'headers')!;
  const values = new Map<string, Set<string>>();
  for (let index = 0; index < place.size; index += 1) {
    for (const [name, value] of Object.entries(place.at(index).draft.headers)) {
      values.set(name, (values.get(name) ?? new Set()).add(value));
    }
  }
  const [first, ...others] = values.values();
  expect(first!.size).toBeGreaterThan(400);
  expect(others.length).toBeGreaterThan(10);
  for (const other of others) expect(other).toEqual(first);
});
