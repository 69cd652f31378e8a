import type { RevocationKind } from '@jwt-auth/jwt-core';

/** What a revocation can name about a token, and the token. */
export interface Subject {
  readonly token: string;
  readonly jti: string;
  readonly sid: string | undefined;
  readonly client: string;
  /** How often its client was revoked and went on before it was issued. */
  readonly generation?: number;
  readonly kid: string;
  /** In seconds since the epoch. */
  readonly exp: number;
}

/** What is dead: a token, a session, a client's tokens, or all that a key has signed. */
export interface Condemned {
  readonly kind: RevocationKind;
  readonly id: string;
  /** Of a client that goes on: which of its tokens die. Later ones live. */
  readonly generation?: number;
}

/** Reads a token, unchecked: who issued it is the driver itself. */
export function subjectOf(token: string, generation?: number): Subject {
  const [header, payload] = token
    .split('.', 2)
    .map(
      (part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>,
    );
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return {
    token,
    jti: text(payload?.['jti']) ?? '',
    sid: text(payload?.['sid']),
    client: text(payload?.['client_id']) ?? '',
    kid: text(header?.['kid']) ?? '',
    exp: Number(payload?.['exp']),
    ...(generation !== undefined && { generation }),
  };
}

/** Everything by which a token can die. */
export function waysToDie({ jti, sid, client, generation, kid }: Subject): Condemned[] {
  const session: Condemned[] = sid === undefined ? [] : [{ kind: 'sid', id: sid }];
  const ofGeneration: Condemned[] =
    generation === undefined ? [] : [{ kind: 'client', id: client, generation }];
  return [
    { kind: 'jti', id: jti },
    ...session,
    { kind: 'client', id: client },
    ...ofGeneration,
    { kind: 'kid', id: kid },
  ];
}
