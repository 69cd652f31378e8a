import type { Rule } from './report.js';

/**
 * By name: the section, after an exclamation mark if an RFC demands the refusal, and what to
 * change.
 */
const RULES = {
  alg: '!RFC 8725 §3.1|Accept only the algorithms that you expect, tied to the key.',
  none: '!RFC 8725 §3.2|Refuse a token without a signature, however it spells none.',
  typ: '!RFC 9068 §4|Accept only typ at+jwt: not every JWT is an access token.',
  crit: '!RFC 7515 §4.1.11|Refuse crit, unless you implement all that it names.',
  keys: '!RFC 8725 §3.10|Use only keys of the issuer. Never take or fetch one that the token names.',
  path: '!RFC 8725 §3.10|Look kid up in a map of keys. Build no path, query or address of it.',
  kid: 'RFC 7515 §4.1.4|Refuse a kid that is not exactly that of a key of the issuer.',
  twice: 'RFC 7519 §4|Refuse two members with one name: parsers differ in which one they use.',
  json: '!RFC 7519 §7.2|Accept one JSON object in valid UTF-8, and nothing more.',
  bom: 'RFC 8259 §8.1|Refuse a byte order mark.',
  form: '!RFC 7515 §7.1|Accept three segments of base64url, without any other character.',
  bits: 'RFC 4648 §3.5|Refuse unused bits that are not zero: one token, many spellings.',
  size: 'RFC 9110 §17.5|Refuse tokens over 8 KiB before you parse them.',
  sig: '!RFC 7515 §5.2|Verify the signature over the segments as sent, before you use the payload.',
  pkcs: '!RFC 8017 §8.2.2|Compare the whole encoded message, as OpenSSL does.',
  cache: '!RFC 7515 §5.2|Remember verified tokens by the whole token, not by parts of it.',
  claim: '!RFC 9068 §4|Refuse a token without this claim.',
  absent: 'RFC 9068 §2.2|Refuse a token without this claim.',
  iss: '!RFC 9068 §4|Compare iss with the issuer, character by character.',
  aud: '!RFC 7519 §4.1.3|aud must be your name, or an array of strings with it.',
  exp: '!RFC 7519 §4.1.4|exp must be a number that is not past.',
  nbf: '!RFC 7519 §4.1.5|nbf must be a number that is not ahead.',
  iat: 'RFC 7519 §4.1.6|iat must be a number that is not ahead, nor after exp.',
  life: 'RFC 6750 §5.3|Bound exp - iat, in seconds.',
  type: 'RFC 7519 §4.1|Check the type of each claim. Ids are strings that are not empty.',
  text: 'RFC 7493 §2.1|Refuse lone surrogates, NUL and endless ids: others read another id.',
  place: 'RFC 9700 §4.3.2|Take the token from the Authorization header alone.',
  two: 'RFC 9110 §5.3|Refuse two Authorization headers: a proxy may have checked the other one.',
  scheme: 'RFC 6750 §2.1|Accept only the scheme Bearer, followed by one token.',
  revoked: '!RFC 7009 §2|Check revocations at each use of a token, also of one that was seen.',
  shut: 'RFC 7009 §2|Refuse only what was revoked.',
  rotate: 'RFC 7517 §4.5|Fetch the keys again when a kid is unknown.',
  key: '!RFC 7517 §4.5|Stop using a withdrawn key, also for tokens that were seen.',
  stale: '!RFC 9110 §15.6.4|Answer 503 while revocations are older than you allow, and recover.',
};

export type RuleName = keyof typeof RULES;

export function ruleNamed(rule: RuleName): Rule {
  const [rfc = '', mend = ''] = RULES[rule].split('|');
  const isMust = rfc.startsWith('!');
  return { rule, level: isMust ? 'must' : 'should', rfc: rfc.replace('!', ''), mend };
}
