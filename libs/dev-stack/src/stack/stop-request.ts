import { readFileSync } from 'node:fs';

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
  const before = ancestors();
  const look = setInterval(() => {
    if (ancestors() === before) return;
    clearInterval(look);
    act();
  }, PARENT_LOOK_MS);
  look.unref();
}

/** The shell and, where the system tells it for nothing, the npm that started the shell. */
function ancestors(): string {
  const parent = process.ppid;
  try {
    const stat = readFileSync(`/proc/${parent}/stat`, 'utf8');
    // State and parent follow the name, which is in parentheses and may hold some itself.
    return `${parent} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]}`;
  } catch {
    return `${parent}`;
  }
}
