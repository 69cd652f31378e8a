import { afterEach, beforeEach, describe } from 'vitest';
import { cursorsContract } from './revocation-source-contract.cursors.fixture.js';
import { entriesContract } from './revocation-source-contract.entries.fixture.js';
import { waitsContract } from './revocation-source-contract.waits.fixture.js';
import type { AskedSource, SourceUnderTest } from './source-under-test.fixture.js';

/** What every `RevocationSource` promises, to be run over each of them. */
export function revocationSourceContract(
  name: string,
  setup: () => Promise<SourceUnderTest>,
): void {
  describe(`${name} as a source of revocations`, { timeout: 60_000 }, () => {
    let subject: SourceUnderTest;
    beforeEach(async () => {
      subject = await setup();
    });
    afterEach(() => subject.close());

    const asked: AskedSource = {
      ask: (after, waitSeconds = 0, signal) =>
        subject.source.read(after, { waitSeconds, ...(signal && { signal }) }),
      revoke: (revocations) => subject.revoke(revocations),
      foreignCursor: () => subject.foreignCursor(),
    };
    entriesContract(asked);
    waitsContract(asked);
    cursorsContract(asked);
  });
}
