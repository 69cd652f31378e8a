import { importSPKI, jwtVerify } from 'jose';
import type { Contender } from '../harness/interleave.js';
import type { Trust } from '../tokens/token-batch.js';

export async function jose({ publicKey, issuer, audience }: Trust): Promise<Contender<string>> {
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const key = await importSPKI(pem, 'RS256');
  const options = { issuer, audience, typ: 'at+jwt', algorithms: ['RS256'] };
  return { name: 'jose', call: (token) => jwtVerify(token, key, options) };
}
