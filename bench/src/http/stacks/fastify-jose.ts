import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  UnauthorizedException,
} from '@nestjs/common';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';
import { ordersBehind, type ServerSettings, type Stack, StackModule } from './stack.js';

const SETTINGS = Symbol('settings');

interface JoseRequest {
  readonly headers: { readonly authorization?: string };
  user?: JWTPayload;
}

/** As jose's documentation verifies an access token against a JWKS. */
@Injectable()
class JoseGuard implements CanActivate {
  private readonly keys: ReturnType<typeof createRemoteJWKSet>;

  constructor(@Inject(SETTINGS) private readonly settings: ServerSettings) {
    this.keys = createRemoteJWKSet(new URL(`${settings.issuer}/.well-known/jwks.json`));
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<JoseRequest>();
    const [scheme, token] = request.headers.authorization?.split(' ') ?? [];
    if (scheme !== 'Bearer' || !token) throw new UnauthorizedException();
    const { issuer, audience } = this.settings;
    try {
      const options = { issuer, audience, typ: 'at+jwt', algorithms: ['RS256'] };
      request.user = (await jwtVerify(token, this.keys, options)).payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) throw new UnauthorizedException();
      throw error;
    }
    return true;
  }
}

export const stack: Stack = {
  platform: 'fastify',
  moduleFor: (settings) => ({
    module: StackModule,
    providers: [{ provide: SETTINGS, useValue: settings }],
    controllers: [ordersBehind(JoseGuard)],
  }),
};
