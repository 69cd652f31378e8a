import { DataSource, EntitySchema } from 'typeorm';
import type { Contender } from '../harness/interleave.js';
import { tokenIdOf } from './token-id.js';

const RevokedToken = new EntitySchema<{ jti: string }>({
  name: 'revoked_token',
  columns: { jti: { type: 'text', primary: true } },
});

/** The look-up alone, as a repository makes it: the signature is not counted. */
export async function typeormSelect(url: string): Promise<Contender<string> & AsyncDisposable> {
  const database = new DataSource({ type: 'postgres', url, entities: [RevokedToken] });
  await database.initialize();
  const revoked = database.getRepository(RevokedToken);
  return {
    name: 'SELECT by TypeORM, no signature',
    call: async (token) => {
      if (await revoked.existsBy({ jti: tokenIdOf(token) })) throw new Error('revoked');
    },
    [Symbol.asyncDispose]: () => database.destroy(),
  };
}
