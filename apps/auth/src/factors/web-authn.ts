import { Injectable } from '@nestjs/common';

import { Config } from '../config.js';
import type { User } from '../users/user.entity.js';
import { FactorsError } from './factors.errors.js';
import type { Passkey } from './factor.entity.js';
import type { PasskeyAssertion, PasskeyCreation, PasskeyOptions } from './passkey.schema.js';

/** What a new passkey is kept as. */
type NewCredential = Omit<Passkey, 'factorId' | 'signCount'> & {
  readonly signCount: number;
};

/** What an assertion says of its authenticator. */
export interface SignedBy {
  readonly signCount: number;
  readonly isSynced: boolean;
}

/** @returns whether it was issued for this, and not used before */
type ChallengeCheck = (challenge: string) => Promise<boolean>;

/** EdDSA, ES256, RS256: what all authenticators have one of. */
const ALGORITHMS = [-8, -7, -257];

const SELECTION = { residentKey: 'preferred', userVerification: 'required' } as const;

// Loaded when it is needed: it brings parsers of certificates, which would slow down every start.
const library = () => import('@simplewebauthn/server');
const helpers = () => import('@simplewebauthn/server/helpers');

/** The user's id as authenticators keep it: its 16 bytes. */
const handleOf = (userId: string): Buffer => Buffer.from(userId.replaceAll('-', ''), 'hex');

/**
 * WebAuthn, by a library. Phishing (threat:phishing): a browser signs for the host and the page that it
 * is on, so that what is signed on another page is refused here.
 *
 * The relying party is the host of `ISSUER`, which does not change.
 */
@Injectable()
export class WebAuthn {
  private readonly rpID: string;
  private readonly origins: string[];

  constructor(config: Config) {
    this.rpID = new URL(config.issuer).hostname;
    this.origins = config.ownOrigins;
  }

  async creationOptions(
    challenge: string,
    { id, email }: Pick<User, 'id' | 'email'>,
    existing: readonly Passkey[],
  ): Promise<PasskeyOptions> {
    const { generateRegistrationOptions } = await library();
    const options = await generateRegistrationOptions({
      rpName: this.rpID,
      rpID: this.rpID,
      userName: email,
      userDisplayName: email,
      userID: new Uint8Array(handleOf(id)),
      challenge: bytesOf(challenge),
      attestationType: 'none',
      excludeCredentials: existing.map(descriptorOf),
      authenticatorSelection: SELECTION,
      supportedAlgorithmIDs: ALGORITHMS,
    });
    return { ...options };
  }

  /** @throws FactorsError `wrong_new_passkey` */
  async verifyCreation(
    { id, rawId, type, response }: PasskeyCreation,
    challengeCheck: ChallengeCheck,
  ): Promise<NewCredential> {
    const { verifyRegistrationResponse } = await library();
    return refusing('wrong_new_passkey', challengeCheck, async (expectedChallenge) => {
      await refuseCertificates(response.attestationObject);
      const { registrationInfo } = await verifyRegistrationResponse({
        response: {
          id,
          rawId,
          type,
          clientExtensionResults: {},
          response: { ...response, transports: [] },
        },
        expectedChallenge,
        ...this.expectations,
        supportedAlgorithmIDs: ALGORITHMS,
      });
      if (!registrationInfo) throw new Error('It does not verify');
      const { credential, credentialDeviceType } = registrationInfo;
      return {
        credentialId: credential.id,
        publicKey: Buffer.from(credential.publicKey),
        signCount: credential.counter,
        transports: response.transports,
        isSynced: credentialDeviceType === 'multiDevice',
      };
    });
  }

  /** @param allowed of the user; none: the authenticator offers those that it has */
  async requestOptions(challenge: string, allowed: readonly Passkey[]): Promise<PasskeyOptions> {
    const { generateAuthenticationOptions } = await library();
    const options = await generateAuthenticationOptions({
      rpID: this.rpID,
      challenge: bytesOf(challenge),
      userVerification: SELECTION.userVerification,
      allowCredentials: allowed.map(descriptorOf),
    });
    return { ...options };
  }

  /** @throws FactorsError `wrong_passkey` */
  async verifyAssertion(
    { id, rawId, type, response: { userHandle, ...response } }: PasskeyAssertion,
    passkey: Passkey & { readonly userId: string },
    challengeCheck: ChallengeCheck,
  ): Promise<SignedBy> {
    const { verifyAuthenticationResponse } = await library();
    return refusing('wrong_passkey', challengeCheck, async (expectedChallenge) => {
      if (userHandle && userHandle !== handleOf(passkey.userId).toString('base64url')) {
        throw new Error('It is of another user');
      }
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        response: { id, rawId, type, response, clientExtensionResults: {} },
        expectedChallenge,
        ...this.expectations,
        credential: {
          id: passkey.credentialId,
          publicKey: new Uint8Array(passkey.publicKey),
          counter: Number(passkey.signCount),
        },
      });
      if (!verified) throw new Error('The signature does not verify');
      const { newCounter, credentialDeviceType } = authenticationInfo;
      return { signCount: newCounter, isSynced: credentialDeviceType === 'multiDevice' };
    });
  }

  private get expectations() {
    return {
      expectedOrigin: this.origins,
      expectedRPID: this.rpID,
      requireUserVerification: true,
    };
  }
}

const descriptorOf = ({ credentialId: id, transports }: Passkey) => ({ id, transports });

const bytesOf = (challenge: string) => new Uint8Array(Buffer.from(challenge, 'base64url'));

/** We ask for no attestation. A certificate in it could make the library load revocation lists from anywhere. */
async function refuseCertificates(attestationObject: string): Promise<void> {
  const { decodeAttestationObject, isoBase64URL } = await helpers();
  const attestation = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject));
  const format = attestation.get('fmt');
  const isSelf = format === 'packed' && attestation.get('attStmt').get('x5c') === undefined;
  if (format !== 'none' && !isSelf) throw new Error(`There is an attestation: ${format}`);
}

/**
 * Runs a check of the library, which refuses by plain errors.
 *
 * @throws what the database says while it is asked for the challenge: that is no fault of a passkey
 */
async function refusing<T>(
  code: 'wrong_passkey' | 'wrong_new_passkey',
  expectedChallenge: ChallengeCheck,
  check: (expectedChallenge: ChallengeCheck) => Promise<T>,
): Promise<T> {
  let failure: Error | undefined;
  const watched: ChallengeCheck = (challenge) =>
    expectedChallenge(challenge).catch((error: unknown) => {
      failure = error as Error;
      throw error;
    });
  try {
    return await check(watched);
  } catch (cause) {
    throw failure ?? new FactorsError(code, 'The passkey does not verify', { cause });
  }
}
