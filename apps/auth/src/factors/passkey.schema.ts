import { line } from '@jwt-auth/chassis';
import { z } from 'zod';

/** A user's own name for a factor of any kind. */
export const FactorName = line(64).min(1);

const base64url = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[\w-]+$/, 'expected base64url');

/** WebAuthn section 5.1: an id has at most 1023 bytes. */
const CredentialId = base64url(1364);

const credential = { id: CredentialId, rawId: CredentialId, type: z.literal('public-key') };

/** A `PublicKeyCredential` of `navigator.credentials.get()`, as its `toJSON()` gives it. */
export const PasskeyAssertion = z
  .object({
    ...credential,
    response: z.object({
      clientDataJSON: base64url(4096),
      authenticatorData: base64url(4096),
      signature: base64url(4096),
      userHandle: base64url(128).nullish(),
    }),
  })
  .meta({ id: 'PasskeyAssertion' });
export type PasskeyAssertion = z.infer<typeof PasskeyAssertion>;

/** The same of `navigator.credentials.create()`. */
export const PasskeyCreation = z
  .object({
    ...credential,
    response: z.object({
      clientDataJSON: base64url(4096),
      attestationObject: base64url(8192),
      transports: z
        .array(
          z
            .string()
            .max(32)
            .regex(/^[\w-]+$/),
        )
        .max(10)
        .default([]),
    }),
  })
  .meta({ id: 'PasskeyCreation' });
export type PasskeyCreation = z.infer<typeof PasskeyCreation>;

export const NewPasskey = z
  .object({ passkey: PasskeyCreation, name: FactorName.default('Passkey') })
  .meta({ id: 'NewPasskey' });
export type NewPasskey = z.infer<typeof NewPasskey>;

/** What a browser needs: `PublicKeyCredentialCreationOptionsJSON` or `…RequestOptionsJSON` of WebAuthn. */
export const PasskeyOptions = z
  .record(z.string(), z.unknown())
  .meta({ id: 'PasskeyOptions', description: 'For parse…OptionsFromJSON() of a browser' });
export type PasskeyOptions = z.infer<typeof PasskeyOptions>;
