import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import type { ServerSettings } from './stack.js';

export interface JwtPayload {
  readonly sub: string;
  readonly jti: string;
}

/** Its name: `jwt`, the usual one, is taken by ours where both are in one process. */
export const PASSPORT_JWT = 'passport-jwt';

/** As in the Nest documentation, with all checks that it has. */
export class PassportJwtStrategy extends PassportStrategy(Strategy, PASSPORT_JWT) {
  constructor(settings: Pick<ServerSettings, 'issuer' | 'audience' | 'publicKeyPem'>) {
    const { issuer, audience, publicKeyPem } = settings;
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: publicKeyPem,
      algorithms: ['RS256'],
      issuer,
      audience,
    });
  }

  validate({ sub, jti }: JwtPayload): unknown {
    return { subject: sub, tokenId: jti };
  }
}
