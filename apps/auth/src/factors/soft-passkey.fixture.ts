import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

import type { Answer, AuthApp } from '../testing/auth-app.fixture.js';
import type { AddedFactor } from './factors.schema.js';
import type { PasskeyAssertion, PasskeyCreation, PasskeyOptions } from './passkey.schema.js';

const PRESENT = 1;
const VERIFIED = 4;
const MAY_BE_SYNCED = 8;
const HAS_KEY = 64;

/** How an authenticator and its browser deviate from what they should do. */
export interface Deviation {
  readonly origin?: string;
  readonly rpId?: string;
  readonly isVerified?: boolean;
  readonly count?: number;
  readonly type?: string;
  readonly challenge?: string;
  /** Signs with the key of this one. */
  readonly keyOf?: SoftPasskey;
  readonly userHandle?: string;
  /** Of the attestation. */
  readonly format?: 'none' | 'apple';
}

const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest();
const base64url = (data: Buffer | string) => Buffer.from(data).toString('base64url');

/** An authenticator in software with one passkey, and the browser around it. */
export class SoftPasskey {
  readonly id = base64url(randomBytes(32));
  private readonly keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  private count = 0;

  constructor(
    private readonly origin: string,
    private readonly isSynced = false,
  ) {}

  /** `navigator.credentials.create()` */
  create(options: PasskeyOptions, deviation: Deviation = {}): PasskeyCreation {
    const { challenge, rp } = options as unknown as { challenge: string; rp: { id: string } };
    const id = Buffer.from(this.id, 'base64url');
    const length = Buffer.from([id.length >> 8, id.length]);
    const key = Buffer.concat([Buffer.alloc(16), length, id, coseKey(this.keys.publicKey)]);
    const authData = Buffer.concat([this.head(rp.id, HAS_KEY, deviation), key]);
    const { format = 'none' } = deviation;
    const attestationObject = Buffer.concat([
      Buffer.from([0xa3]),
      ...[cborText('fmt'), cborText(format)],
      ...[cborText('attStmt'), Buffer.from([0xa0])],
      ...[
        cborText('authData'),
        Buffer.from([0x59, authData.length >> 8, authData.length]),
        authData,
      ],
    ]);
    return {
      ...{ id: this.id, rawId: this.id, type: 'public-key' },
      response: {
        clientDataJSON: this.clientData('webauthn.create', challenge, deviation),
        attestationObject: base64url(attestationObject),
        transports: ['internal'],
      },
    };
  }

  /** `navigator.credentials.get()` */
  get(options: PasskeyOptions, deviation: Deviation = {}): PasskeyAssertion {
    const { challenge, rpId } = options as unknown as { challenge: string; rpId: string };
    this.count += 1;
    const authData = this.head(rpId, 0, deviation);
    const clientDataJSON = this.clientData('webauthn.get', challenge, deviation);
    const signed = Buffer.concat([authData, sha256(Buffer.from(clientDataJSON, 'base64url'))]);
    const { privateKey } = (deviation.keyOf ?? this).keys;
    return {
      ...{ id: this.id, rawId: this.id, type: 'public-key' },
      response: {
        clientDataJSON,
        authenticatorData: base64url(authData),
        signature: base64url(sign('sha256', signed, privateKey)),
        ...(deviation.userHandle !== undefined && { userHandle: deviation.userHandle }),
      },
    };
  }

  private head(ownRpId: string, more: number, deviation: Deviation): Buffer {
    const { rpId = ownRpId, isVerified = true, count = this.count } = deviation;
    const synced = this.isSynced ? MAY_BE_SYNCED : 0;
    const flags = PRESENT | (isVerified ? VERIFIED : 0) | synced | more;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(count);
    return Buffer.concat([sha256(rpId), Buffer.of(flags), counter]);
  }

  private clientData(type: string, challenge: string, deviation: Deviation): string {
    const origin = deviation.origin ?? this.origin;
    const data = { type, challenge, origin, crossOrigin: false, ...pick(deviation) };
    return base64url(JSON.stringify(data));
  }
}

const pick = ({ type, challenge }: Deviation) => ({
  ...(type !== undefined && { type }),
  ...(challenge !== undefined && { challenge }),
});

/** Of fewer than 24 bytes. */
const cborText = (text: string) =>
  Buffer.concat([Buffer.of(0x60 + text.length), Buffer.from(text)]);

/** RFC 9053 section 7.1.1: EC2, ES256, P-256. */
function coseKey(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  return Buffer.concat([
    Buffer.from('a501020326200121', 'hex'),
    Buffer.from([0x58, 32]),
    Buffer.from(x, 'base64url'),
    Buffer.from([0x22, 0x58, 32]),
    Buffer.from(y, 'base64url'),
  ]);
}

/** What a server wants to be created or signed: of a user, or of nobody in particular. */
export async function passkeyOptions(
  auth: AuthApp,
  path: string,
  token?: string,
): Promise<PasskeyOptions> {
  return (await auth.call<PasskeyOptions>('POST', path, token === undefined ? {} : { token })).body;
}

/** Adds a passkey to the user of a login. */
export async function addPasskey(
  auth: AuthApp,
  token: string,
  passkey: SoftPasskey,
  name?: string,
  deviation?: Deviation,
): Promise<Answer<AddedFactor & { readonly code: string }>> {
  const path = '/auth/factors/passkeys';
  const options = await passkeyOptions(auth, `${path}/options`, token);
  const body = { passkey: passkey.create(options, deviation), name };
  return auth.call('POST', path, { token, body });
}

export interface PasskeyOwner {
  readonly id: string;
  readonly email: string;
  readonly passkey: SoftPasskey;
  /** Of the session that has added it: with `mfa`. */
  readonly token: string;
}

let owners = 0;

/** Registers someone, who then adds a passkey. */
export async function passkeyOwner(auth: AuthApp, passkey: SoftPasskey): Promise<PasskeyOwner> {
  const email = `passkey-owner-${(owners += 1)}@example.com`;
  const { id } = (await auth.register(email)).body;
  const login = await auth.login(email);
  const added = await addPasskey(auth, login.access_token, passkey);
  if (added.status !== 201) throw new Error(JSON.stringify(added.body));
  const { body } = await auth.refresh(login.refresh_token);
  return { id, email, passkey, token: body.access_token };
}
