import { openDatabase } from '@jwt-auth/chassis';
import {
  compactId,
  REVOCATION_KINDS,
  RevocationList,
  type RevocableToken,
  type Revocation,
  type RevocationKind,
} from '@jwt-auth/jwt-core';
import { recordRevocations } from '@jwt-auth/jwt-core/postgres';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { authDatabase } from '../database/auth-database.js';
import { migratedDatabase } from '../testing/migrated-database.fixture.js';
import { RevocationsRepository, type RevocableClaims } from './revocations.repository.js';

let dataSource: DataSource;
let repository: RevocationsRepository;
beforeAll(async () => {
  dataSource = await openDatabase(authDatabase(await migratedDatabase()));
  repository = new RevocationsRepository(dataSource);
});
afterAll(() => dataSource.destroy());
beforeEach(() => dataSource.query('DELETE FROM revoked_tokens'));

const ISSUED_AT = 1_900_000_000;
const EXP = 2_000_000_000;

interface Token extends RevocableClaims {
  readonly kid: string;
}
const TOKEN: Token = { jti: 'x', sid: 'x', client_id: 'x', kid: 'x', iat: ISSUED_AT };

/** The token that a revocation of this kind names, and no other kind does. */
const NAMED: Readonly<Record<RevocationKind, (id: string) => Token>> = {
  jti: (jti) => ({ ...TOKEN, jti }),
  sid: (sid) => ({ ...TOKEN, sid }),
  client: (client) => ({ ...TOKEN, client_id: client }),
  kid: (kid) => ({ ...TOKEN, kid }),
};

const listed = ({ jti, sid, client_id: clientId, kid, iat, token_version }: Token) =>
  ({
    tokenId: compactId(jti),
    sessionId: sid === undefined ? undefined : compactId(sid),
    clientId,
    kid,
    issuedAt: iat,
    tokenVersion: token_version,
  }) satisfies RevocableToken;

const record = (revocation: Revocation) => recordRevocations(dataSource.manager, [revocation]);

/** What the list of a service says of tokens, and what the database does. */
async function verdicts(recorded: readonly Revocation[], tokens: readonly Token[]) {
  const list = new RevocationList({ maxStalenessMs: 1_000 });
  list.add(recorded);
  return {
    byList: tokens.map((token) => list.isRevoked(listed(token))),
    byDatabase: await Promise.all(tokens.map((token) => repository.isRevoked(token))),
  };
}

/** The database has one rule less: a withdrawn key is not in the key ring, so no token gets so far. */
const ONLY_IN_LIST: readonly RevocationKind[] = ['kid'];

describe.each(REVOCATION_KINDS)('a revocation of the kind %s', (kind) => {
  it('ends the tokens that it names and no others, by the list and by the database', async () => {
    const before = kind === 'client' ? { before: ISSUED_AT } : {};
    const recorded = await record({ kind, id: 'a', exp: EXP, ...before });
    const others = REVOCATION_KINDS.filter((other) => other !== kind).map((other) =>
      NAMED[other]('a'),
    );
    const tokens = [NAMED[kind]('a'), NAMED[kind]('b'), TOKEN, ...others];
    const { byList, byDatabase } = await verdicts(recorded, tokens);
    const expected = [true, false, false, ...others.map(() => false)];
    expect(byList).toEqual(expected);
    const isKnown = !ONLY_IN_LIST.includes(kind);
    expect(byDatabase).toEqual(isKnown ? expected : expected.map(() => false));
  });
});

it('says the same of the tokens of a client by version and by time', async () => {
  const recorded = await record({ kind: 'client', id: 'a', exp: EXP, before: ISSUED_AT });
  const version = recorded[0]!.tokenVersion!;
  const tokens = [ISSUED_AT - 1, ISSUED_AT, ISSUED_AT + 1].flatMap((iat) => [
    { ...NAMED.client('a'), iat },
    ...[version - 1, version, version + 1].map((token_version) => ({
      ...NAMED.client('a'),
      iat,
      token_version,
    })),
  ]);
  const { byList, byDatabase } = await verdicts(recorded, tokens);
  expect(byDatabase).toEqual(byList);
  expect(byList).toContain(true);
  expect(byList).toContain(false);
});

it('takes a token without a session', async () => {
  const token: Token = { jti: 'x', client_id: 'x', kid: 'x', iat: ISSUED_AT };
  const recorded = await record({ kind: 'jti', id: 'x', exp: EXP });
  expect(await verdicts(recorded, [token])).toEqual({ byList: [true], byDatabase: [true] });
});
