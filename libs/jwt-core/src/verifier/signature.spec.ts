import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { CompactSign } from 'jose';
import { describe, expect, it } from 'vitest';
import { splitCompactJws } from './compact-jws.js';
import { algorithmOf, isSignedBy, SIGNING_ALGORITHMS } from './signature.js';
import { generateSigningKey } from '../test-issuer/access-token.js';

const rsa = (n: string) => createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });

const RFC_7515_A_2 = {
  key: rsa(
    'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddx' +
      'HmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMs' +
      'D1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSH' +
      'SXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdV' +
      'MTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8' +
      'NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
  ),
  token:
    'eyJhbGciOiJSUzI1NiJ9' +
    '.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt' +
    'cGxlLmNvbS9pc19yb290Ijp0cnVlfQ' +
    '.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7' +
    'AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4' +
    'BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K' +
    '0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv' +
    'hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB' +
    'p0igcN_IoypGlUPQGe77Rw',
  payload: '{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}',
};

const RFC_7520_4_1 = {
  key: rsa(
    'n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRoj' +
      'dNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2l' +
      'bzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6c' +
      'S6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3' +
      '-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwU' +
      'kRz5iaiQkqgc5gHdrNP5zw',
  ),
  token:
    'eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9' +
    '.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9v' +
    'ci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIg' +
    'ZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9m' +
    'ZiB0by4' +
    '.MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U' +
    '4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0Rn' +
    'ltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9Uzp' +
    'ERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4' +
    'uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg',
  payload:
    'It’s a dangerous business, Frodo, going out your door. You step onto the road, ' +
    "and if you don't keep your feet, there’s no knowing where you might be swept off to.",
};

const RFC_7515_A_3 = {
  key: createPublicKey({
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    },
    format: 'jwk',
  }),
  token:
    'eyJhbGciOiJFUzI1NiJ9' +
    '.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt' +
    'cGxlLmNvbS9pc19yb290Ijp0cnVlfQ' +
    '.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA' +
    'pmWQxfKTUJqPP3-Kg6NU1Q',
};

const RFC_8037_A_4 = {
  key: createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
    format: 'jwk',
  }),
  token:
    'eyJhbGciOiJFZERTQSJ9' +
    '.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc' +
    '.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
};

describe('isSignedBy', () => {
  it.each([
    ['RFC 7515 appendix A.3', 'ES256' as const, RFC_7515_A_3],
    ['RFC 8037 appendix A.4', 'EdDSA' as const, RFC_8037_A_4],
  ])('verifies the example of %s', (_, algorithm, { key, token }) => {
    expect(isSignedBy(key, algorithm, splitCompactJws(token))).toBe(true);
  });

  it.each(SIGNING_ALGORITHMS)(
    'verifies what jose signs with %s, and no bit of another',
    async (alg) => {
      const { privateKey, publicKey } = await generateSigningKey(alg);
      const token = await new CompactSign(Buffer.from('{"sub":"ada"}'))
        .setProtectedHeader({ alg })
        .sign(privateKey);
      const other = await generateSigningKey(alg);
      const jws = splitCompactJws(token);
      expect(isSignedBy(publicKey, alg, jws)).toBe(true);
      expect(isSignedBy(other.publicKey, alg, jws)).toBe(false);
      for (const part of ['signingInput', 'signature'] as const) {
        for (let at = 0; at < jws[part].length; at++) {
          jws[part][at]! ^= 1;
          expect(isSignedBy(publicKey, alg, jws)).toBe(false);
          jws[part][at]! ^= 1;
        }
      }
      for (const length of [0, 32, 63, 64, 65, 255, 256, 257, 300]) {
        for (const byte of [0, 1, 255]) {
          const signature = Buffer.alloc(length, byte);
          expect(isSignedBy(publicKey, alg, { ...jws, signature })).toBe(false);
        }
      }
    },
  );

  it('takes no PSS signature with a salt of another length (RFC 7518 section 3.5)', async () => {
    const { privateKey: key, publicKey } = await generateSigningKey('PS256');
    const signingInput = Buffer.from('a.b');
    const withSalt = (saltLength: number) =>
      sign('sha256', signingInput, { key, padding: 6, saltLength });
    const verdicts = [0, 20, 32, 64].map((saltLength) =>
      isSignedBy(publicKey, 'PS256', { signingInput, signature: withSalt(saltLength) }),
    );
    expect(verdicts).toEqual([false, false, true, false]);
  });

  it('takes no ECDSA signature in DER', async () => {
    const { privateKey, publicKey } = await generateSigningKey('ES256');
    const signingInput = Buffer.from('a.b');
    const signature = sign('sha256', signingInput, privateKey);
    expect(isSignedBy(publicKey, 'ES256', { signingInput, signature })).toBe(false);
  });

  it.each([
    ['RFC 7515 appendix A.2', RFC_7515_A_2, RFC_7520_4_1.key],
    ['RFC 7520 section 4.1', RFC_7520_4_1, RFC_7515_A_2.key],
  ])('verifies the example of %s, with its key only', (_, { key, token, payload }, otherKey) => {
    const jws = splitCompactJws(token);
    expect(jws.payload.toString('utf8')).toBe(payload);
    expect(isSignedBy(key, 'RS256', jws)).toBe(true);
    expect(isSignedBy(otherKey, 'RS256', jws)).toBe(false);
  });

  // threat:signature-forgery
  it('sees each changed bit of what was signed, and of the signature', () => {
    const { key, token } = RFC_7520_4_1;
    for (const part of ['signingInput', 'signature'] as const) {
      const jws = splitCompactJws(token);
      for (let at = 0; at < jws[part].length; at++) {
        jws[part][at]! ^= 1;
        expect(isSignedBy(key, 'RS256', jws)).toBe(false);
        jws[part][at]! ^= 1;
      }
      expect(isSignedBy(key, 'RS256', jws)).toBe(true);
    }
  });

  it.each([
    ['no signature', Buffer.alloc(0)],
    ['a short one', Buffer.alloc(255, 1)],
    ['a long one', Buffer.alloc(257, 1)],
    ['zeros', Buffer.alloc(256)],
  ])('says no to %s', (_, signature) => {
    const { key, token } = RFC_7515_A_2;
    expect(isSignedBy(key, 'RS256', { ...splitCompactJws(token), signature })).toBe(false);
  });
});

describe('algorithmOf', () => {
  it.each<[string, string | undefined, () => KeyObject]>([
    ['an RSA key', 'RS256', () => RFC_7515_A_2.key],
    ['a key on P-256', 'ES256', () => RFC_7515_A_3.key],
    ['an Ed25519 key', 'EdDSA', () => RFC_8037_A_4.key],
    ['an RSA-PSS key', 'PS256', () => keyOf('rsa-pss', { modulusLength: 2048 })],
    ['a key on P-384', undefined, () => keyOf('ec', { namedCurve: 'P-384' })],
    ['an Ed448 key', undefined, () => keyOf('ed448', {})],
    ['a key for key agreement', undefined, () => keyOf('x25519', {})],
  ])('of %s is %s', (_name, algorithm, key) => {
    expect(algorithmOf(key())).toBe(algorithm);
  });
});

function keyOf(type: string, options: object): KeyObject {
  return generateKeyPairSync(type as 'ec', options as { namedCurve: string }).publicKey;
}
