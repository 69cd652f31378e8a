import { STATUS_CODES } from 'node:http';

/** One fault in the input of a request. */
export interface InputFault {
  /** Where, like `items.0.quantity`. Empty for the input as a whole. */
  readonly path: string;
  readonly message: string;
}

/** An error as a client sees it (RFC 9457). */
export interface Problem {
  readonly status: number;
  /** For clients to switch on. */
  readonly code: string;
  /** For people. Without internals of the service and without secrets of the request. */
  readonly detail?: string | undefined;
  readonly errors?: readonly InputFault[] | undefined;
  /** Header fields of the answer, like `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * The members of an `application/problem+json` document. `type` is `about:blank`, so that `title`
 * is the phrase of the status (RFC 9457 section 4.2.1). The details are in `code`.
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
