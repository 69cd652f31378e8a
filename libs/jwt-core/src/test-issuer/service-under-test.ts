import { setTimeout as delay } from 'node:timers/promises';
import { RevocationList } from '../revocation/revocation-list.js';

/** An application with `JwtCoreModule`: one of Nest, or the module of a test. */
export interface ServiceUnderTest {
  get(token: new (...parts: never[]) => unknown): unknown;
}

/** An answer that was under way when the issuer went down may still be applied. */
const SETTLED_MS = 20;

/** Makes its revocation list too old, once no answer proves the contrary. */
export async function becomeStale(app: ServiceUnderTest): Promise<void> {
  const list = app.get(RevocationList) as RevocationList;
  do {
    list.distrust();
    await delay(SETTLED_MS);
  } while (list.state === 'fresh');
}
