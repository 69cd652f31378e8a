import { verify } from 'node:crypto';
import type { Contender } from '../harness/interleave.js';
import type { Trust } from '../tokens/token-batch.js';

/** A token, and the two parts that a signature is checked on. */
export interface SplitToken {
  readonly token: string;
  readonly signed: Buffer;
  readonly signature: Buffer;
}

export function splitToken(token: string): SplitToken {
  const end = token.lastIndexOf('.');
  return {
    token,
    signed: Buffer.from(token.slice(0, end)),
    signature: Buffer.from(token.slice(end + 1), 'base64url'),
  };
}

/** The signature alone, on bytes that are ready: no verifier on Node can be faster. */
export function floor({ publicKey }: Trust): Contender<SplitToken> {
  return {
    name: 'crypto.verify (the floor)',
    call: ({ signed, signature }) => {
      if (!verify('sha256', signed, publicKey, signature)) throw new Error('wrong signature');
    },
  };
}
