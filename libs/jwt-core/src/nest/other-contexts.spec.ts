import type { HttpAdapterHost } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { firstValueFrom, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { RevocationList } from '../revocation/revocation-list.js';
import { AccessTokenVerifier } from '../verifier/access-token-verifier.js';
import { AccessGuard } from './access.guard.js';
import { JwtGuard } from './jwt.guard.js';
import { ProblemFilter } from './problem.filter.js';
import { Public } from './decorators.js';

class Handlers {
  @Public()
  handle(this: void) {}
}

function contextOf(type: string) {
  const context = new ExecutionContextHost([{}], Handlers, Handlers.prototype.handle);
  context.setType(type);
  return context;
}

describe.each(['rpc', 'graphql', 'something new'])(
  'in a call over %s without a context',
  (type) => {
    const revocations = new RevocationList({ maxStalenessMs: 1 });
    const keys = { get: () => undefined, find: async () => undefined };
    const verifier = new AccessTokenVerifier({ issuer: 'i', audience: 'a', keys, revocations });

    it.each([
      ['JwtGuard', new JwtGuard(verifier, revocations)],
      ['AccessGuard', new AccessGuard()],
    ])('%s denies, even what is public', (_, guard) => {
      expect(() => guard.canActivate(contextOf(type))).toThrow(
        `JwtGuard does not support calls over ${type}`,
      );
    });

    it('ProblemFilter hands the error on', async () => {
      const error = new Error('of a message');
      const filter = new ProblemFilter({} as HttpAdapterHost);
      const result = filter.catch(error, contextOf(type));
      if (type !== 'rpc') return expect(result).toBe(error);
      await expect(firstValueFrom(result as Observable<never>)).rejects.toBe(error);
    });
  },
);
