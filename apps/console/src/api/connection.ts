import { AUTH } from '../place.js';
import { Store } from '../store.js';

const PROBE_MS = 1_000;
const PROBE_TIMEOUT_MS = 5_000;

/** Whether auth answers. `returned` counts how often it came back: what failed meanwhile is repeated. */
export const connection = new Store({ isAway: false, returned: 0 });

/** Reports that auth did not answer. It is then called every second, until it does. */
export function connectionLost(): void {
  if (connection.value.isAway) return;
  connection.set({ ...connection.value, isAway: true });
  void probe();
}

async function probe(): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, PROBE_MS));
    if (await answers()) break;
  }
  connection.set({ isAway: false, returned: connection.value.returned + 1 });
}

/** Any status below 500 counts: a proxy may not let everyone read this route. */
async function answers(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    const { status } = await fetch(new URL('health/ready', AUTH), { cache: 'no-store', signal });
    return status < 500;
  } catch {
    return false;
  }
}
