import { setTimeout as delay } from 'node:timers/promises';
import { RevocationList } from '../revocation/revocation-list.js';
import { JwtCoreReadiness } from '../runtime/readiness.js';

/** An application with `JwtCoreModule`: one of Nest, or the module of a test. */
export interface ServiceUnderTest {
  get(token: new (...parts: never[]) => unknown): unknown;
}

const stepMs = 5;
/** An answer that was under way when the issuer went down may still be applied. */
const settledMs = 20;

/** Resolves when it has the keys and revocations of its issuers. @throws Error */
export async function becomeReady(app: ServiceUnderTest, withinMs: number): Promise<void> {
  const readiness = app.get(JwtCoreReadiness) as JwtCoreReadiness;
  const giveUpAtMs = performance.now() + withinMs;
  while (readiness.missing.length > 0) {
    if (performance.now() > giveUpAtMs) {
      throw new Error(`Not ready within ${withinMs} ms: ${readiness.missing.join(', ')}`);
    }
    // Not by the global timer, which a test may have stopped.
    await delay(stepMs);
  }
}

/** Makes its revocation list too old, once no answer proves the contrary. */
export async function becomeStale(app: ServiceUnderTest): Promise<void> {
  const list = app.get(RevocationList) as RevocationList;
  do {
    list.distrust();
    await delay(settledMs);
  } while (list.state === 'fresh');
}
