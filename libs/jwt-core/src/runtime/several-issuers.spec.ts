import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createVerifier, type Verifier } from '../standalone/create-verifier.js';
import { generateSigningKey, type SigningKey } from '../test-issuer/access-token.js';
import { MemoryRevocationSource } from '../test-issuer/memory-revocation-source.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import type { IssuerOptions } from './issuer-options.js';

const log = { log: vi.fn(), warn: vi.fn(), error: vi.fn() };
const soon = { timeout: 30_000 };
const refused = (code: string): unknown => expect.objectContaining({ name: 'TokenError', code });

describe('A verifier of several issuers', () => {
  let keys: readonly [SigningKey, SigningKey];
  let one: TestIssuer;
  let two: TestIssuer;
  const open: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    const [mine, theirs] = [await generateSigningKey(), await generateSigningKey()];
    // What one issuer calls its key must mean nothing to another.
    keys = [mine, { ...theirs, kid: mine.kid }];
  });
  beforeEach(async () => {
    [one, two] = [
      await TestIssuer.start({ keys: [keys[0]] }),
      await TestIssuer.start({ keys: [keys[1]] }),
    ];
    open.push(one, two);
  });
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });

  const start = (optionsOfTwo: Partial<IssuerOptions> = {}): Verifier => {
    const verifier = createVerifier({
      issuers: [
        { issuer: one.issuer, audience: 'api' },
        { issuer: two.issuer, audience: 'api', ...optionsOfTwo },
      ],
      log,
    });
    open.push(verifier);
    return verifier;
  };

  it('accepts the tokens of each, and of no other', async () => {
    const verifier = start();
    await verifier.ready();
    for (const { issuer, mint } of [one, two].map((each) => ({
      issuer: each.issuer,
      mint: each.mint.bind(each),
    }))) {
      expect(await verifier.verify(mint({ sub: 'ada' }))).toMatchObject({ issuer, subject: 'ada' });
    }
    const others = [
      one.mint({ iss: 'https://other.example' }),
      one.mint({ iss: undefined }),
      one.mint({ iss: [one.issuer] }),
    ];
    for (const token of [...others, '', 'a.b.c', `a.${'x'.repeat(9_000)}.c`, 1 as never]) {
      await expect(verifier.verify(token)).rejects.toThrow(refused('token_invalid'));
    }
  });

  // threat:oversized-tokens
  it('reads nothing of a token over 8 KiB', async () => {
    const verifier = start();
    const [header, , signature] = one.mint().split('.');
    const claims = JSON.stringify({ iss: one.issuer, filler: 'x'.repeat(9_000) });
    const token = `${header}.${Buffer.from(claims).toString('base64url')}.${signature}`;
    const parse = vi.spyOn(JSON, 'parse');
    await expect(verifier.verify(token)).rejects.toThrow(refused('token_invalid'));
    expect(parse.mock.calls.map(([text]) => text)).not.toContain(claims);
    parse.mockRestore();
  });

  // threat:issuer-mix-up
  it('verifies no token with a key of another issuer, whatever it says, new or remembered', async () => {
    const verifier = start();
    await verifier.ready();
    const good = one.mint();
    for (let round = 0; round < 2; round++) {
      await verifier.verify(good);
      await expect(verifier.verify(one.mint({ iss: two.issuer }))).rejects.toThrow(
        'wrong signature',
      );
      await expect(verifier.verify(two.mint({ iss: one.issuer }))).rejects.toThrow(
        'wrong signature',
      );
    }
    // The payload of one with the signature of another.
    const [header, payload] = good.split('.');
    const spliced = `${header}.${payload}.${two.mint().split('.')[2]}`;
    await expect(verifier.verify(spliced)).rejects.toThrow('wrong signature');
  });

  it('ends no token by a revocation of another issuer', async () => {
    const verifier = start();
    await verifier.ready();
    const same = { jti: 'same', sid: 'same', client_id: 'same' };
    const tokens = [one.mint(same), two.mint(same)] as const;
    for (const token of tokens) await verifier.verify(token);
    await two.revoke({ kind: 'jti', id: 'same' });
    await two.revoke({ kind: 'client', id: 'same' });
    await two.revoke({ kind: 'kid', id: two.kid });
    await expect
      .poll(
        () => verifier.verify(tokens[1]).then(String, (error: { code: string }) => error.code),
        soon,
      )
      .toBe('token_revoked');
    expect(await verifier.verify(tokens[0])).toBeDefined();
    expect(await verifier.verify(one.mint(same))).toBeDefined();
  });

  it('goes on with the tokens of one while another cannot be reached, and names it', async () => {
    two.fail('all', 'refuse');
    const verifier = start();
    const { readiness } = verifier;
    await expect
      .poll(() => readiness.missing, soon)
      .toEqual([`keys of ${two.issuer} missing`, `revocation list of ${two.issuer} blind`]);
    expect(readiness.notes).toEqual(readiness.missing);
    expect(readiness.checks.map((each) => [each.name, each.check()])).toEqual([
      [`keys of ${one.issuer}`, undefined],
      [`revocation list of ${one.issuer}`, undefined],
      [`keys of ${two.issuer}`, undefined],
      [`revocation list of ${two.issuer}`, undefined],
    ]);
    await verifier.verify(one.mint());
    await expect(verifier.verify(two.mint())).rejects.toThrow(refused('keys_unavailable'));
    await expect(verifier.ready(30)).rejects.toThrow(`keys of ${two.issuer} missing`);
    two.repair();
    await verifier.ready();
    await verifier.verify(two.mint());
  });

  it('is not ready while no issuer is usable', async () => {
    for (const issuer of [one, two]) issuer.fail('all', 'refuse');
    const { readiness } = start();
    expect(readiness.checks.map((each) => each.check())).toEqual([
      'missing',
      'blind',
      'missing',
      'blind',
    ]);
  });

  it('counts for each issuer and for all', async () => {
    const verifier = start();
    await verifier.ready();
    const token = one.mint();
    for (const each of [token, token, two.mint(), two.mint({ aud: 'x' }), one.mint({ iss: 'x' })]) {
      await verifier.verify(each).catch(() => undefined);
    }
    const { verdicts, remembered, issuers, revocationList, keySet } = verifier.statistics;
    expect(verdicts).toMatchObject({ accepted: 3, token_invalid: 2 });
    expect(remembered).toEqual({ tokens: 2, uses: 1 });
    expect(issuers).toMatchObject([
      { issuer: one.issuer, verdicts: { accepted: 2, token_invalid: 0 }, remembered: { uses: 1 } },
      { issuer: two.issuer, verdicts: { accepted: 1, token_invalid: 1 }, remembered: { uses: 0 } },
    ]);
    expect([revocationList.state, keySet?.state, keySet?.keys]).toEqual(['fresh', 'fresh', 2]);
  });

  it('introspects reference tokens at the one issuer that it has credentials for', async () => {
    const verifier = start(two.client);
    await verifier.ready();
    expect(await verifier.verify(two.mintReference({ sub: 'ada' }))).toMatchObject({
      subject: 'ada',
    });
    expect(one.requests('introspect')).toBe(0);
    const without = start();
    await without.ready();
    await expect(without.verify(two.mintReference())).rejects.toThrow(refused('token_invalid'));
  });

  describe('without revocations of one', () => {
    it('reads no feed of it, accepts its tokens of a short life, and says so', async () => {
      log.warn.mockClear();
      const verifier = start({ revocations: 'none' });
      await verifier.ready();
      await verifier.verify(two.mint());
      const now = Math.floor(Date.now() / 1000);
      for (const exp of [now + 901, now + 3_600]) {
        await expect(verifier.verify(two.mint({ iat: now, exp }))).rejects.toThrow('exp');
        await verifier.verify(one.mint({ iat: now, exp }));
      }
      await two.revoke({ kind: 'jti', id: 'x' });
      await verifier.verify(two.mint({ jti: 'x' }));
      expect([two.requests('feed'), log.warn.mock.calls]).toEqual([0, []]);
      const [first, second] = verifier.statistics.issuers.map(
        ({ revocationList }) => revocationList,
      );
      expect([first?.state, second?.state, second?.proofAgeMs]).toEqual(['fresh', 'none', 0]);
      expect(verifier.statistics.revocationList.state).toBe('fresh');
      expect(verifier.readiness.notes).toEqual([
        `revocations of ${two.issuer}: none, tokens live for 900 s at most`,
      ]);
    });

    it('bounds the life of its tokens as it is set', async () => {
      const verifier = start({ revocations: 'none', maxTokenLifetimeSeconds: 60 });
      await verifier.ready();
      const now = Math.floor(Date.now() / 1000);
      await verifier.verify(two.mint({ iat: now, exp: now + 60 }));
      await expect(verifier.verify(two.mint({ iat: now, exp: now + 61 }))).rejects.toThrow('exp');
    });
  });

  it('follows a source of your own in place of a feed', async () => {
    const source = new MemoryRevocationSource();
    const verifier = start({ revocations: source });
    await verifier.ready();
    const token = two.mint({ jti: 'mine' });
    await verifier.verify(token);
    source.add([{ kind: 'jti', id: 'mine', exp: Date.now() / 1000 + 3_600 }]);
    await expect
      .poll(
        () => verifier.verify(token).then(String, (error: { code: string }) => error.code),
        soon,
      )
      .toBe('token_revoked');
    expect(two.requests('feed')).toBe(0);
  });
});

describe('The options of several issuers', () => {
  const issuers = [
    { issuer: 'https://a.example', audience: 'api' },
    { issuer: 'https://b.example', audience: ['api', 'web'] },
  ];
  const create = (options: object) => {
    const verifier = createVerifier({ issuers, log, ...options });
    return verifier.close();
  };

  it.each<[object, string]>([
    [{ issuers: [] }, 'issuers is a list of one issuer at least'],
    [{ issuers: 'https://a.example' }, 'issuers is a list'],
    [{ issuers: null }, 'issuers is a list'],
    [{ issuers: [null] }, 'issuers[0]: issuer is required'],
    [{ issuers: [...issuers, { issuer: 'x' }] }, 'issuers[2]: audience is required'],
    [{ issuers: [...issuers, issuers[0]] }, 'issuers[2]: https://a.example is there twice'],
    [{ issuer: 'https://a.example' }, 'issuer is in each of issuers, not beside them'],
    [
      { issuers: [{ ...issuers[0], maxStalenessSeconds: 5 }] },
      'issuers[0]: maxStalenessSeconds is beside issuers, not in one of them',
    ],
    [{ issuers: [{ ...issuers[0], algorithm: 'x' }] }, 'issuers[0]: algorithm is not an option'],
    [
      { issuers: [{ ...issuers[0], revocationSource: {} }] },
      'issuers[0]: revocationSource is called revocations',
    ],
    [{ maxStaleSeconds: 5 }, 'maxStaleSeconds is not an option'],
    [{ tokenFrom: () => '' }, 'tokenFrom is not an option'],
    [{ audience: 'api' }, 'audience is in each of issuers'],
    [{ maxTokenLifetimeSeconds: 60 }, 'maxTokenLifetimeSeconds is in each of issuers'],
    [{ algorithms: ['ES256'] }, 'algorithms is in each of issuers'],
    [{ revocations: 'none' }, 'revocations is in each of issuers'],
    [{ profile: 'oidc', mapClaims: () => ({}) }, 'mapClaims is in each of issuers'],
    [{ clientId: 'a', clientSecret: 'b' }, 'clientSecret is in each of issuers'],
    [
      { issuers: issuers.map((each) => ({ ...each, clientId: 'a', clientSecret: 'b' })) },
      'only one of issuers',
    ],
    [{ issuers: [{ ...issuers[0], profile: 'OIDC' }] }, 'profile is one of rfc9068, oidc'],
    [{ issuers: [{ ...issuers[0], algorithms: [] }] }, 'algorithms is a list of some of RS256'],
    [{ issuers: [{ ...issuers[0], algorithms: ['none'] }] }, 'algorithms is a list of some of'],
    [{ issuers: [{ ...issuers[0], algorithms: ['HS256'] }] }, 'algorithms is a list of some of'],
    [{ issuers: [{ ...issuers[0], revocations: 'None' }] }, "revocations is 'feed', 'none' or"],
    [{ issuers: [{ ...issuers[0], revocations: null }] }, "revocations is 'feed', 'none' or"],
    [{ issuers: [{ ...issuers[0], mapClaims: {} }] }, 'mapClaims is not a function'],
    [{ issuers: [{ ...issuers[0], maxTokenLifetimeSeconds: 0 }] }, 'maxTokenLifetimeSeconds is'],
    [{ issuers: [{ ...issuers[0], maxTokenLifetimeSeconds: 86_401 }] }, 'from 1 to 86400'],
    [{ issuers: [{ ...issuers[0], maxTokenLifetimeSeconds: NaN }] }, 'not NaN'],
    [{ issuers: [{ ...issuers[0], discoveryUrl: 'http://a.internal' }] }, 'plain http'],
    [{ issuers: [{ ...issuers[0], discoveryUrl: 7 }] }, 'The discoveryUrl 7 is not of the form'],
  ])('are refused: %j', (options, fault) => {
    expect(() => create(options)).toThrow(fault);
  });

  it('are taken', async () => {
    await create({});
    const discoveryUrl = 'http://a.internal:8080';
    await create({ issuers: [{ ...issuers[0], discoveryUrl }], allowHttpIssuer: true });
  });
});
