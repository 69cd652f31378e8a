import type { RevocationKind } from '@jwt-auth/jwt-core';
import { Injectable } from '@nestjs/common';

import type { DoneBy } from '../audit/origin.js';

/**
 * Ends what has this id, in a transaction of its own, which checks the token of the caller. An id that is not
 * known here changes nothing.
 */
export type RevocationEffect = (id: string, by: DoneBy) => Promise<void>;

/**
 * What a revocation by an administrator ends in this service, beside the tokens: the domain that owns
 * the object says so, and revocations need not know it.
 */
@Injectable()
export class RevocationEffects {
  private readonly effects = new Map<RevocationKind, RevocationEffect>();

  on(kind: RevocationKind, effect: RevocationEffect): void {
    this.effects.set(kind, effect);
  }

  async run(kind: RevocationKind, id: string, by: DoneBy): Promise<void> {
    await this.effects.get(kind)?.(id, by);
  }
}
