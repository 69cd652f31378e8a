import { SessionError, type Problem } from '@jwt-auth/browser';

import { texts } from '../texts.js';

/** What was wrong with a field of the input. */
type InputFault = NonNullable<Problem['errors']>[number];

/** Why a call failed. */
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

/** Statuses of an outage, which is not about the request, and ends by itself. */
const PASSING = [502, 503, 504];
/** The same status, of an installation that sends no mail. */
const LASTING = ['mail_unavailable'];

/** What an answer that is no success says. */
export async function errorOf(response: Response): Promise<ApiError> {
  const { status, headers } = response;
  const body = (await response.json().catch(() => ({}))) as Partial<Problem>;
  // Auth refuses the access token, and the session library got no other one. Other codes, such as
  // `invalid_credentials`, are about what was typed.
  const isOfSession = body.code === undefined || body.code.startsWith('token_');
  if (status === 401 && isOfSession) return sessionEnded();
  return errorFrom({ ...body, status }, Number(headers.get('retry-after') ?? 0));
}

/** What the session, or a request, threw. */
export function errorOfFailure(failure: unknown): ApiError {
  if (failure instanceof ApiError) return failure;
  if (failure instanceof SessionError) {
    return errorFrom(failure.problem, failure.retryAfterSeconds);
  }
  // A success that is no JSON: not of auth, but of something in between.
  if (failure instanceof SyntaxError) {
    return new ApiError('unexpected_answer', texts.problems.unexpected_answer);
  }
  return new ApiError('unreachable', texts.problems.unreachable);
}

/** The body of an error with its status, in words. */
function errorFrom(
  {
    status,
    code = String(status),
    title,
    detail,
    errors,
  }: Partial<Problem> & Pick<Problem, 'status'>,
  retryAfterSeconds = 0,
): ApiError {
  if (PASSING.includes(status) && !LASTING.includes(code)) {
    return new ApiError('unreachable', texts.problems.unreachable);
  }
  if (code === 'too_many_attempts' && retryAfterSeconds > 0) {
    return new ApiError(code, texts.tryAgainIn(retryAfterSeconds));
  }
  const known = (texts.problems as Readonly<Record<string, string>>)[code];
  // Of these two auth says what exactly is wrong.
  const isSpecific = code === 'conflict' || code === 'invalid_input';
  const says = isSpecific ? (detail ?? known) : (known ?? detail);
  return new ApiError(code, says ?? title ?? code, errors);
}

export const sessionEnded = () => new ApiError('session_ended', texts.problems.session_ended);
