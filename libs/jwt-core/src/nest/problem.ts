import { STATUS_CODES } from 'node:http';

/** One fault of a request's input. */
export interface InputFault {
  /** Where, like `items.0.quantity`. Empty for the input as a whole. */
  readonly path: string;
  readonly message: string;
}

/** An error as a client sees it (RFC 9457). */
export interface Problem {
  readonly status: number;
  /** What clients switch on. */
  readonly code: string;
  /** For people. Nothing of the service's insides, nothing of the request's secrets. */
  readonly detail?: string | undefined;
  readonly errors?: readonly InputFault[] | undefined;
  /** What the answer says in its header, like `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * The members of an `application/problem+json` document. `type` is `about:blank`, so that `title`
 * is the phrase of the status (RFC 9457 section 4.2.1): what is special lies in `code`.
 */
export function problemDocument({ status, code, detail, errors }: Problem) {
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    ...(detail && { detail }),
    ...(errors && { errors }),
  };
}
