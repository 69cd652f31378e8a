import { Secret, TOTP } from 'otpauth';

const SECRET_BYTES = 20;
const PERIOD_SECONDS = 30;

/** What all authenticator apps can do, and most take for granted. */
const PARAMETERS = { algorithm: 'SHA1', digits: 6, period: PERIOD_SECONDS } as const;

export function newTotpSecret(): Buffer {
  return Buffer.from(new Secret({ size: SECRET_BYTES }).bytes);
}

interface Label {
  readonly service: string;
  readonly account: string;
}

/** How an authenticator app gets the secret: as base32 to type, and as a URI for a QR code. */
export function totpKey(bytes: Buffer, { service, account }: Label) {
  const secret = secretOf(bytes);
  const issuer = withoutColon(service);
  const totp = new TOTP({ ...PARAMETERS, secret, issuer, label: withoutColon(account) });
  return { secret: secret.base32, uri: totp.toString() };
}

/**
 * The time step that a code belongs to, if that is the present one or one beside it: clocks differ, and
 * typing takes time (RFC 6238 section 5.2).
 */
export function totpStep(bytes: Buffer, code: string, now: Date): number | undefined {
  const totp = new TOTP({ ...PARAMETERS, secret: secretOf(bytes) });
  const delta = totp.validate({ token: code, timestamp: +now, window: 1 });
  return delta === null ? undefined : totp.counter({ timestamp: +now }) + delta;
}

function secretOf(bytes: Buffer): Secret {
  return new Secret({ buffer: new Uint8Array(bytes).buffer });
}

/** In a label, a colon ends the name of the service. */
const withoutColon = (text: string): string => text.replaceAll(':', ' ');
