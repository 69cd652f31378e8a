import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import jsonwebtoken from 'jsonwebtoken';
import {
  bearerToken,
  createVerifier,
  problemOf,
  type VerifierOptions,
} from '../standalone/index.js';

import type { TestIssuer } from '../test-issuer/test-issuer.js';
import { decodeBase64url, splitCompactJws } from '../verifier/compact-jws.js';
import { isSignedBy } from '../verifier/signature.js';
import { parseJsonObject } from '../verifier/strict-json.js';
import { base64url, decoded, signer } from './forge.js';

type Members = Readonly<Record<string, unknown>>;

/** A token that was refused, in its parts. */
interface Refused {
  readonly token: string;
  readonly header: Members;
  readonly payload: Members;
  readonly issuer: TestIssuer;
  isSignedBy(key: KeyObject): boolean;
}

/** What a service does wrong, and which attacks find it. Everything else it does right. */
export interface Fault {
  readonly name: string;
  readonly found: readonly string[];
  /** The members that a refused token would be accepted with, if the service would accept it. */
  readonly mend?: (refused: Refused) => Promise<Members | undefined> | Members | undefined;
  /** The token that it believes to see again. */
  readonly recall?: (token: string) => string | undefined;
  readonly remember?: (token: string) => void;
  readonly options?: Partial<VerifierOptions>;
  /** Tokens for which it answers 500. */
  readonly breaksOn?: (header: string) => boolean;
  /** Lets in what it has seen, without another look. */
  readonly trustsSeen?: true;
}

/**
 * A service with these faults, which verifies with our own verifier where it does nothing wrong.
 */
export async function startService(
  issuer: TestIssuer,
  faults: readonly Fault[] = [],
  isReady = true,
) {
  const options = Object.assign({}, ...faults.map((fault) => fault.options)) as object;
  const log = { log: () => {}, warn: () => {}, error: () => {} };
  const trusted = { issuer: issuer.issuer, audience: issuer.audience };
  const verifier = createVerifier({ ...trusted, jwksCooldownSeconds: 0.1, log, ...options });
  const seen = new Set<string>();
  const judge = async (token: string): Promise<unknown> => {
    if (seen.has(token)) return undefined;
    for (const { recall } of faults) {
      const recalled = recall?.(token);
      if (recalled !== undefined) return verifier.verify(recalled);
    }
    const mended = await verifier.verify(token).then(
      () => token,
      async (error: unknown) => {
        const mendedToken = await mendedBy(faults, token, issuer);
        if (mendedToken === undefined) throw error;
        await verifier.verify(mendedToken);
        return mendedToken;
      },
    );
    for (const fault of faults) {
      fault.remember?.(mended);
      if (fault.trustsSeen) seen.add(token);
    }
    return undefined;
  };
  const server = createServer((request, response) => {
    void (async () => {
      try {
        const token = bearerToken(request);
        const header = decoded(token.split('.')[0]!).toString();
        if (faults.some(({ breaksOn }) => breaksOn?.(header))) throw new Error('broken');
        await judge(token);
        response.writeHead(204).end();
      } catch (error) {
        const { status, headers, body } = problemOf(error);
        response.writeHead(status, headers).end(JSON.stringify(body));
      }
    })();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  if (isReady) await verifier.ready();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await verifier.close();
    },
  };
}

/** A good token with what the first fault overlooks set right. */
async function mendedBy(
  faults: readonly Fault[],
  token: string,
  issuer: TestIssuer,
): Promise<string | undefined> {
  try {
    const jws = splitCompactJws(token);
    const payload = parseJsonObject(jws.payload);
    const header = parseJsonObject(decodeBase64url(jws.header));
    const isSigned = (key: KeyObject) => isSignedBy(key, 'RS256', splitCompactJws(token));
    const refused = { token, header, payload, issuer, isSignedBy: isSigned };
    for (const { mend } of faults) {
      const members = await mend?.(refused);
      if (members !== undefined) return signed(header, { ...payload, ...members }, members, issuer);
    }
  } catch {
    // Not a token.
  }
  return undefined;
}

function signed(header: Members, payload: Members, members: Members, issuer: TestIssuer): string {
  const { alg = header['alg'], typ = header['typ'], kid = header['kid'], ...claims } = members;
  const texts = [
    { ...header, alg, typ, kid },
    { ...payload, ...claims },
  ];
  const input = texts.map((part) => base64url(JSON.stringify(part))).join('.');
  const key = issuer.signingKey;
  return `${input}.${base64url(signer('RS256', key, key)(Buffer.from(input)))}`;
}

const isGenuine = (refused: Refused) => refused.isSignedBy(refused.issuer.signingKey.publicKey);
const pem = ({ issuer }: Refused) =>
  issuer.signingKey.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const good = ({ issuer }: Refused) => ({ alg: 'RS256', typ: 'at+jwt', kid: issuer.kid });

const values = (prefix: string, list: string) =>
  list.split('|').map((value) => `${prefix} ${value}`);

/** By the digest of the header and the signature, without the payload. */
const cache = new Map<string, string>();
const digest = (token: string) => {
  const [header, , signature] = token.split('.');
  return createHash('sha256').update(`${header}.${signature}`).digest('hex');
};

export const noTyp: Fault = {
  name: 'no look at typ',
  found: [
    'header: without typ',
    ...values(
      'header: typ',
      '"JWT"|null|""|7|["at+jwt"]|"at+jwtx"|"x/at+jwt"|"dpop+jwt"|"logout+jwt"|"secevent+jwt"|"token-introspection+jwt"',
    ),
  ],
  mend: (refused) =>
    refused.header['typ'] !== 'at+jwt' && isGenuine(refused) ? { typ: 'at+jwt' } : undefined,
};

export const noAudience: Fault = {
  name: 'no look at aud',
  found: [
    'claims: without aud',
    ...values(
      'claims: aud',
      '"other"|["other"]|"x$aud"|"$audx"|"$aud/"|"$aud other"|"other,$aud"|["x$aud","$audx"]|[["$aud"]]|{"$aud":true}|[]|""|"*"|null|true|0|"$aud\\u0000"|[{"x":"$aud"}]',
    ),
  ],
  mend: (refused) => {
    const aud = refused.issuer.audience;
    return refused.payload['aud'] !== aud && isGenuine(refused) ? { aud } : undefined;
  },
};

export const expInMilliseconds: Fault = {
  name: 'exp in milliseconds',
  found: ['claims: exp in milliseconds'],
  mend: (refused) => {
    const { exp } = refused.payload;
    const isMilliseconds = typeof exp === 'number' && exp > 1e12 && exp < 1e13;
    return isMilliseconds && isGenuine(refused) ? { exp: Math.floor(exp / 1_000) } : undefined;
  },
};

export const jkuFollowed: Fault = {
  name: 'jku followed',
  found: ['header: jku (own)'],
  mend: async (refused) => {
    const { jku } = refused.header;
    if (typeof jku !== 'string') return undefined;
    const { keys } = (await (await fetch(jku)).json()) as { keys: [JsonWebKey] };
    const key = createPublicKey({ key: keys[0], format: 'jwk' });
    return refused.isSignedBy(key) ? { ...good(refused), jku: undefined } : undefined;
  },
};

/** It asks, and then refuses. */
export const jkuAsked: Fault = {
  name: 'jku asked',
  found: ['header: jku (own)'],
  mend: async ({ header: { jku } }) => {
    if (typeof jku === 'string') await (await fetch(jku)).text();
    return undefined;
  },
};

export const unpinnedAlgorithm: Fault = {
  name: 'jsonwebtoken without algorithms',
  found: ['RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map(
    (alg) => `header: alg "${alg}" (${alg})`,
  ),
  mend: (refused) => {
    if (refused.header['alg'] === 'RS256') return undefined;
    // As many services call it. It takes the algorithm from the token, among those for the key.
    jsonwebtoken.verify(refused.token, pem(refused));
    return { alg: 'RS256' };
  },
};

export const kidIsPath: Fault = {
  name: 'kid as a path',
  found: ['header: kid "./$kid"', 'header: kid "x/../$kid"'],
  mend: (refused) => {
    const { kid } = refused.issuer;
    const written = refused.header['kid'];
    const isMeant = typeof written === 'string' && path.normalize(written) === kid;
    return written !== kid && isMeant && isGenuine(refused) ? { kid } : undefined;
  },
};

export const cacheOfParts: Fault = {
  name: 'a cache keyed by a digest of parts',
  found: ['signature: a seen token: another payload'],
  recall: (token) => cache.get(digest(token)),
  remember: (token) => void cache.set(digest(token), token),
};

export const firstSightOnly: Fault = {
  name: 'revocation checked at first sight',
  found: [
    ...values('revocation:', 'jti|sid|client|kid').map(
      (name) => `${name}, after the token was seen`,
    ),
    'revocation: jti, while the feed was down',
    'revocation: while the feed is down',
  ],
  trustsSeen: true,
};

export const noRevocation: Fault = {
  name: 'no revocation',
  found: [
    ...values('revocation:', 'jti|sid|client').flatMap((name) => [
      `${name}, after the token was seen`,
      `${name}, before the token was seen`,
    ]),
    'revocation: 200 in one second',
  ],
  // It fetches the keys every second, and so notices a withdrawn one.
  options: { revocations: 'none', jwksRefreshSeconds: 1 },
};

export const neverStale: Fault = {
  name: '200 while the revocations are stale',
  found: ['revocation: while the feed is down'],
  options: { maxStalenessSeconds: 86_400 },
};

export const staticKeys = ({ signingKey }: TestIssuer): Fault => ({
  name: 'keys that are never fetched again',
  found: ['revocation: a token of a new key', 'revocation: a token of the other key'],
  options: {
    keySet: {
      get: (kid) => (kid === signingKey.kid ? { kid, publicKey: signingKey.publicKey } : undefined),
      find: async () => undefined,
    },
  },
});
