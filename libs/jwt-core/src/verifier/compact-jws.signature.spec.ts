import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isSignedBy, splitCompactJws } from './compact-jws.js';

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

describe('isSignedBy', () => {
  it.each([
    ['RFC 7515 appendix A.2', RFC_7515_A_2, RFC_7520_4_1.key],
    ['RFC 7520 section 4.1', RFC_7520_4_1, RFC_7515_A_2.key],
  ])('verifies the example of %s, with its key only', (_, { key, token, payload }, otherKey) => {
    const jws = splitCompactJws(token);
    expect(jws.payload.toString('utf8')).toBe(payload);
    expect(isSignedBy(key, jws)).toBe(true);
    expect(isSignedBy(otherKey, jws)).toBe(false);
  });

  // threat:signature-forgery
  it('sees each changed bit of what was signed, and of the signature', () => {
    const { key, token } = RFC_7520_4_1;
    for (const part of ['signingInput', 'signature'] as const) {
      const jws = splitCompactJws(token);
      for (let at = 0; at < jws[part].length; at++) {
        jws[part][at]! ^= 1;
        expect(isSignedBy(key, jws)).toBe(false);
        jws[part][at]! ^= 1;
      }
      expect(isSignedBy(key, jws)).toBe(true);
    }
  });

  it.each([
    ['no signature', Buffer.alloc(0)],
    ['a short one', Buffer.alloc(255, 1)],
    ['a long one', Buffer.alloc(257, 1)],
    ['zeros', Buffer.alloc(256)],
  ])('says no to %s', (_, signature) => {
    const { key, token } = RFC_7515_A_2;
    expect(isSignedBy(key, { ...splitCompactJws(token), signature })).toBe(false);
  });
});
