import { asBytes, asHeader, percentEncoded } from './api-call.js';
import type { ApiDocument, Operation } from './api-document.js';
import { resolve } from './api-document.js';
import { FORM, type Draft } from './api-requests.js';
import { ODD_BODIES, ODD_MEMBERS, ODD_STRINGS, oddTokens } from './odd-values.js';

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
