import { REVOCATION_KINDS, type RevocationKind } from '@jwt-auth/jwt-core';

/** A token, and the ids by which it can be revoked. */
export interface Subject extends Readonly<Record<RevocationKind, string | undefined>> {
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

/** What a revocation names: a token, a session, a client's tokens, or all tokens of a key. */
export interface RevocationKey {
  readonly kind: RevocationKind;
  readonly id: string;
  /** Of a client that is still in use: its tokens up to this generation are revoked, later ones are not. */
  readonly generation?: number;
}

/** Reads a token, unchecked: the driver got it from auth itself. */
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

/** Every revocation that concerns a token. */
export function revocationsOf(subject: Subject): RevocationKey[] {
  const keys = REVOCATION_KINDS.flatMap((kind): RevocationKey[] => {
    const id = subject[kind];
    return id === undefined ? [] : [{ kind, id }];
  });
  const { client: id, generation } = subject;
  return generation === undefined ? keys : [...keys, { kind: 'client', id, generation }];
}
