import { verify } from 'node:crypto';
import type { Contender } from '../harness/interleave.js';
import type { Trust } from '../tokens/token-batch.js';

/** A token, and the two parts that a signature is checked on. */
export interface TakenApart {
  readonly token: string;
  readonly signed: Buffer;
  readonly signature: Buffer;
}

export function takeApart(token: string): TakenApart {
  const end = token.lastIndexOf('.');
  return {
    token,
    signed: Buffer.from(token.slice(0, end)),
    signature: Buffer.from(token.slice(end + 1), 'base64url'),
  };
}

/** The signature and nothing else, on bytes made ready: what no verifier on node can go below. */
export function floor({ publicKey }: Trust): Contender<TakenApart> {
  return {
    name: 'crypto.verify (the floor)',
    call: ({ signed, signature }) => {
      if (!verify('sha256', signed, publicKey, signature)) throw new Error('wrong signature');
    },
  };
}
