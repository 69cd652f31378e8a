const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** One Ctrl-C arrives both from the terminal and from npm: that is one wish. */
const SAME_WISH_MS = 1_000;
const PARENT_LOOK_MS = 500;

/**
 * Settles when somebody wants this process to end: by a signal, or by ending the npm that runs it,
 * which not every shell between the two passes on. A later signal ends it at once.
 */
export function stopRequest(env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve) => {
    let wishedAt: number | undefined;
    const wish = () => {
      if (wishedAt !== undefined && performance.now() - wishedAt > SAME_WISH_MS) process.exit(1);
      wishedAt ??= performance.now();
      resolve();
    };
    for (const signal of SIGNALS) process.on(signal, wish);
    if (env['npm_lifecycle_event'] !== undefined) whenOrphaned(resolve);
  });
}

function whenOrphaned(act: () => void): void {
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    act();
  }, PARENT_LOOK_MS);
  look.unref();
}
