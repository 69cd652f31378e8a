import { problemDocument } from '@jwt-auth/jwt-core';
import { setTimeout as delay } from 'node:timers/promises';

/** A check of something that the service needs, as its database. */
export interface ReadinessCheck {
  /** What operators read: `database`, `keys`. */
  readonly name: string;
  /** Why it fails, in a few words without addresses or names. `undefined`: it passes. */
  check(): string | undefined | Promise<string | undefined>;
}

/** A failed check, and why it failed. */
export interface Unreadiness {
  readonly name: string;
  readonly reason: string;
}

/** The problem of a process that is not ready, for a 503 with `Retry-After`. */
export function notReady(missing: readonly Unreadiness[]) {
  return problemDocument({
    status: 503,
    code: 'not_ready',
    detail: `Not ready: ${missing.map(({ name, reason }) => `${name} (${reason})`).join(', ')}`,
    errors: missing.map(({ name, reason }) => ({ path: name, message: reason })),
  });
}

/** Runs all checks at once. A check that throws or takes longer than `timeoutMs` fails. */
export async function findUnreadiness(
  checks: readonly ReadinessCheck[],
  timeoutMs: number,
): Promise<Unreadiness[]> {
  const answers = await Promise.all(
    checks.map(async (check) => ({ name: check.name, reason: await run(check, timeoutMs) })),
  );
  return answers.filter((answer): answer is Unreadiness => answer.reason !== undefined);
}

async function run(check: ReadinessCheck, timeoutMs: number): Promise<string | undefined> {
  try {
    return await answerWithin(check.check(), timeoutMs);
  } catch {
    // The reason may have details that a public endpoint must not show.
    return 'fails';
  }
}

/** The answer of a check, or `does not answer`. */
export async function answerWithin(
  answer: ReturnType<ReadinessCheck['check']>,
  timeoutMs: number,
): Promise<string | undefined> {
  const timeout = new AbortController();
  const late = delay(timeoutMs, 'does not answer', { signal: timeout.signal });
  // It fails when it is no longer needed.
  late.catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    timeout.abort();
  }
}
