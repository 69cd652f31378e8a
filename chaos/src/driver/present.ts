import { REFUSALS, type Probe, type Verdict } from '../oracle/probe.js';
import type { Subject } from '../oracle/subject.js';
import { ask, type Answer } from './ask.js';

/**
 * A request that is refused as bad input, but only after the guard has accepted its token: so services
 * give their verdict while their own database is away.
 */
const PATH = '/orders?limit=none';

/** Presents a token to a service, and returns the verdict. */
export async function present(
  subject: Subject,
  service: number,
  url: string,
  nowMs: () => number,
): Promise<Probe> {
  const startedAtMs = nowMs();
  const verdict = verdictOf(await ask(url + PATH, { token: subject.token }));
  return { subject, service, startedAtMs, endedAtMs: nowMs(), verdict };
}

function verdictOf(answer: Answer | undefined): Verdict {
  if (!answer) return 'unanswered';
  const code = String(answer.body['code']);
  if (answer.status === 400 && code === 'invalid_input') return 'accepted';
  if (answer.status >= 200 && answer.status < 300) return 'accepted';
  if (answer.status === 401 && isRefusal(code)) return code;
  return answer.status === 503 ? 'unknown' : `unexpected ${answer.status} ${code}`;
}

function isRefusal(code: string): code is (typeof REFUSALS)[number] {
  return (REFUSALS as readonly string[]).includes(code);
}
