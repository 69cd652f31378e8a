import type { RevocationKind } from '@jwt-auth/jwt-core';
import type { Random } from './random.js';

/** By which call a revocation is made, for each kind, and how often. */
const WAYS = {
  jti: { 'oauth-revoke': 60, admin: 40 },
  sid: { logout: 30, 'delete-session': 30, 'revoke-refresh-token': 20, admin: 20 },
  client: { 'delete-client': 30, 'change-client': 40, admin: 30 },
  kid: { 'withdraw-key': 60, admin: 40 },
} as const satisfies Record<RevocationKind, Record<string, number>>;

type WayOf<Kind extends RevocationKind> = keyof (typeof WAYS)[Kind];
export type Way = { [Kind in RevocationKind]: WayOf<Kind> }[RevocationKind];

/** A planned revocation. `lot` chooses its token, session, client or key among the valid ones of that moment. */
export interface Operation {
  readonly kind: RevocationKind;
  readonly way: Way;
  /** Which auth process is asked. */
  readonly auth: number;
  /** From 0 up to, not including, 1. */
  readonly lot: number;
}

/** A withdrawn key takes everybody's tokens with it, so it comes rarely. */
const OPERATIONS_PER_KEY = 700;

/** An endless sequence of revocations. */
export function* planOperations(random: Random, auths: number): Generator<Operation, never> {
  const keyAt = random.between(100, 250);
  for (let index = 0; ; index++) {
    const isKey = index % OPERATIONS_PER_KEY === keyAt;
    const kind = isKey ? 'kid' : random.weighted({ jti: 77, sid: 20, client: 3 });
    const way = random.weighted(WAYS[kind] as Readonly<Record<Way, number>>);
    yield { kind, way, auth: random.between(0, auths - 1), lot: random.next() };
  }
}
