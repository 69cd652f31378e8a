import { texts } from '../texts.js';

/** What was wrong with a field of the input. */
export interface InputFault {
  readonly path: string;
  readonly message: string;
}

/** The body of an error (RFC 9457), as far as it is used. */
interface ProblemBody {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly InputFault[];
}

/** Why a call did not do what it was to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    /** `unreachable`: no answer, or one that says to try again; `session_ended`; or auth's own. */
    readonly code: string,
    message: string,
    readonly faults: readonly InputFault[] = [],
  ) {
    super(message);
  }
}

/** Answers that say nothing of the request, and that end by themselves. */
const PASSING = [502, 503, 504];

/** @param session whether the call had an access token: then 401 says that the session is over */
export async function errorOf(response: Response, session: boolean): Promise<ApiError> {
  if (PASSING.includes(response.status)) return unreachable();
  const body = (await response.json().catch(() => ({}))) as ProblemBody;
  if (session && response.status === 401) return sessionEnded();
  const code = body.code ?? String(response.status);
  const known = (texts.problems as Readonly<Record<string, string>>)[code];
  const wait = response.headers.get('retry-after');
  if (code === 'too_many_attempts' && wait) return new ApiError(code, texts.tryAgainIn(wait));
  // Of these two auth says what exactly is wrong.
  const isSpecific = code === 'conflict' || code === 'invalid_input';
  const says = isSpecific ? (body.detail ?? known) : (known ?? body.detail);
  return new ApiError(code, says ?? body.title ?? code, body.errors);
}

export const unreachable = () => new ApiError('unreachable', texts.problems.unreachable);
export const sessionEnded = () => new ApiError('session_ended', texts.problems.session_ended);
