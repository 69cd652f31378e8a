import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import type { ServerSettings } from '../server/server-settings.js';

export interface JwtPayload {
  readonly sub: string;
  readonly jti: string;
}

/** As the Nest documentation has it, told to check everything that it can. */
export class PassportJwtStrategy extends PassportStrategy(Strategy) {
  constructor({ issuer, audience, publicKeyPem }: ServerSettings) {
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
