import { randomUUID } from 'node:crypto';
import { resolve, type ApiDocument, type Schema } from './api-document.js';

/**
 * Values for members and parameters of these names, whose rules no schema can say. `undefined`: it is
 * left out.
 */
export type KnownExamples = Readonly<Record<string, () => unknown>>;

/** What the documents of auth and orders cannot say of their members and parameters. */
export function knownExamples(newEmail: () => string, password: string): KnownExamples {
  return {
    email: newEmail,
    password: () => password,
    passwordHash: () => undefined,
    // Only an answer has one.
    cursor: () => undefined,
    roles: () => ['user'],
    scopes: () => [],
    audiences: () => ['api'],
    currency: () => 'EUR',
    grant_type: () => 'client_credentials',
    // The Authorization header has them.
    client_id: () => undefined,
    client_secret: () => undefined,
  };
}

export interface ExampleOptions {
  readonly document: ApiDocument;
  readonly known: KnownExamples;
  /** Members that may be absent are there. */
  readonly isFull?: boolean;
}

let count = 0;

/** Texts of the kinds that APIs ask for, each one new. */
const KINDS: Readonly<Record<string, (name: string) => string>> = {
  name: (name) => name,
  email: (name) => `${name}@example.com`,
  'idn-email': (name) => `${name}@example.com`,
  uri: (name) => `https://${name}.example.com`,
  uuid: () => randomUUID(),
  'date-time': () => new Date().toISOString(),
  digits: () => '123456',
  short: () => '10',
  base64url: (name) => Buffer.from(name).toString('base64url'),
};

/** A text of the format, or else of any kind that fits the patterns. */
function textOf(rules: readonly Schema[]): string {
  const minLength = Math.max(1, ...rules.map((rule) => rule.minLength ?? 0));
  const name = `a${(count += 1)}`.padEnd(minLength, 'x');
  const format = rules.find((rule) => rule.format !== undefined && KINDS[rule.format])?.format;
  const kinds = format === undefined ? Object.values(KINDS) : [KINDS[format]];
  const texts = kinds.map((kind) => kind?.(name) ?? '');
  const fits = (text: string) =>
    rules.every(
      ({ pattern = '', maxLength = Infinity }) =>
        text.length >= minLength && text.length <= maxLength && new RegExp(pattern, 'u').test(text),
    );
  const value = texts.find(fits);
  if (value !== undefined) return value;
  throw new Error(`No known kind of text fits ${JSON.stringify(rules)}`);
}

/**
 * A value that fits a schema. Texts are new ones each time, so that what must be unique is.
 *
 * @param name of the member or parameter
 * @throws Error for a pattern that no known kind of text fits
 */
export function exampleOf(schema: Schema, options: ExampleOptions, name = ''): unknown {
  const { document, known } = options;
  if (Object.hasOwn(known, name)) return known[name]?.();
  const { anyOf, oneOf, ...rest } = resolve(schema, document);
  const [alternative] = anyOf ?? oneOf ?? [];
  const found: Schema = alternative ? { ...rest, ...resolve(alternative, document) } : rest;
  if (found.const !== undefined) return found.const;
  if (found.enum) return found.enum[0];
  if (found.example !== undefined) return withKnown(found.example, known);
  switch (found.type) {
    case 'object':
      return objectOf(found, options);
    case 'array': {
      const length = Math.max(found.minItems ?? 0, options.isFull ? 1 : 0);
      return Array.from({ length }, () => exampleOf(found.items ?? {}, options));
    }
    case 'integer':
    case 'number':
      return Math.max(found.minimum ?? 1, 1);
    case 'boolean':
      return true;
    case undefined:
      return {};
    default:
      return textOf([found, ...(schema.allOf ?? []).map((part) => resolve(part, document))]);
  }
}

/** What must be new each time is so in documented examples, too. */
function withKnown(example: unknown, known: KnownExamples): unknown {
  if (typeof example !== 'object' || example === null) return example;
  const own = Object.keys(example).filter((name) => Object.hasOwn(known, name));
  return { ...example, ...Object.fromEntries(own.map((name) => [name, known[name]?.()])) };
}

function objectOf({ properties = {}, required = [] }: Schema, options: ExampleOptions): object {
  const members = Object.entries(properties).filter(
    ([name]) => options.isFull === true || required.includes(name),
  );
  return Object.fromEntries(
    members.map(([name, member]) => [name, exampleOf(member, options, name)]),
  );
}
