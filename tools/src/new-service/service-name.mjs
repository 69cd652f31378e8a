/** Folders, routes, settings and databases are named after a service: what would collide with others. */
const RESERVED = [
  ...['api', 'app', 'config', 'database', 'main', 'service-name'],
  ...['docs', 'docs-json', 'health', 'metrics', 'well-known'],
  ...['postgres', 'template0', 'template1'],
];
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const MAX_LENGTH = 30;

/** The mistake in the input, in a sentence for the terminal. */
export class NewServiceError extends Error {
  name = 'NewServiceError';
}

/**
 * A name in each spelling that the sources need.
 *
 * @param {string} name in kebab-case
 */
export function spellings(name) {
  const words = name.split('-');
  const pascal = words.map((word) => word[0].toUpperCase() + word.slice(1)).join('');
  const snake = words.join('_');
  return {
    kebab: name,
    camel: pascal[0].toLowerCase() + pascal.slice(1),
    pascal,
    snake,
    constant: snake.toUpperCase(),
  };
}

/**
 * @param {readonly string[]} taken names of projects, containers and resources
 * @throws NewServiceError
 */
export function checkName(name, taken) {
  if (name.length > MAX_LENGTH) {
    throw new NewServiceError(`A name has at most ${MAX_LENGTH} characters, not ${name.length}.`);
  }
  if (!NAME.test(name)) {
    const rule = 'small letters, digits and single dashes, and begins with a letter';
    throw new NewServiceError(`A name has ${rule}: gift-cards, not ${JSON.stringify(name)}.`);
  }
  if (RESERVED.includes(name) || name.endsWith('-e2e')) {
    throw new NewServiceError(`${name} is reserved: choose another name.`);
  }
  if (taken.includes(name) || taken.includes(`${name}-e2e`)) {
    throw new NewServiceError(`${name} exists already: choose another name.`);
  }
}

/**
 * Replaces one name by another in each spelling: `orders`, `Orders`, `ORDERS`, and before a capital
 * letter or an underscore, where it is part of an identifier.
 *
 * @param {string} text
 * @param {string} from in kebab-case
 * @param {string} to in kebab-case
 */
export function renamed(text, from, to) {
  const [old, now] = [spellings(from), spellings(to)];
  const forms = {
    constant: old.constant,
    pascal: old.pascal,
    snake: `${old.snake}(?=_)`,
    camel: `${old.camel}(?=[A-Z])`,
    kebab: old.kebab,
  };
  const groups = Object.entries(forms).map(([form, pattern]) => `(?<${form}>${pattern})`);
  // In one pass: a new name may contain the old one.
  return text.replaceAll(new RegExp(groups.join('|'), 'g'), (...match) => {
    const found = Object.entries(match.at(-1)).find(([, part]) => part !== undefined);
    return now[found[0]];
  });
}
