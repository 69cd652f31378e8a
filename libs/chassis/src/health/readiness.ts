/** One thing that a service cannot do without. */
export interface ReadinessCheck {
  /** What it is, for operators: `database`, `keys`. */
  readonly name: string;
  /** What is missing, in a few words without addresses or names. `undefined`: all is well. */
  check(): string | undefined | Promise<string | undefined>;
}

/** A check that is not passed, and why. */
export interface Unreadiness {
  readonly name: string;
  readonly reason: string;
}

/** Asks all checks at once. One that throws, or takes longer than `timeoutMs`, is not passed. */
export async function findUnreadiness(
  checks: readonly ReadinessCheck[],
  timeoutMs: number,
): Promise<Unreadiness[]> {
  const answers = await Promise.all(
    checks.map(async (check) => ({ name: check.name, reason: await ask(check, timeoutMs) })),
  );
  return answers.filter((answer): answer is Unreadiness => answer.reason !== undefined);
}

async function ask(check: ReadinessCheck, timeoutMs: number): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('does not answer'), timeoutMs);
  });
  try {
    return await Promise.race([check.check(), late]);
  } catch {
    // The reason is for whoever holds the logs of the thing itself, not for an open endpoint.
    return 'fails';
  } finally {
    clearTimeout(timer);
  }
}
