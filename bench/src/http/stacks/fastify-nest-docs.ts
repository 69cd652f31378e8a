import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  UnauthorizedException,
} from '@nestjs/common';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { ordersBehind, type Stack, StackModule } from './stack.js';

interface DocumentedRequest {
  readonly headers: { readonly authorization?: string };
  user?: unknown;
}

/** Word for word the guard of the Nest documentation, on "Authentication". */
@Injectable()
class AuthGuard implements CanActivate {
  constructor(private readonly jwtService: JwtService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<DocumentedRequest>();
    const token = this.extractTokenFromHeader(request);
    if (!token) throw new UnauthorizedException();
    try {
      request.user = await this.jwtService.verifyAsync<object>(token);
    } catch {
      throw new UnauthorizedException();
    }
    return true;
  }

  private extractTokenFromHeader(request: DocumentedRequest): string | undefined {
    const [type, token] = request.headers.authorization?.split(' ') ?? [];
    return type === 'Bearer' ? token : undefined;
  }
}

export const stack: Stack = {
  platform: 'fastify',
  moduleFor: ({ issuer, audience, publicKeyPem }) => ({
    module: StackModule,
    imports: [
      JwtModule.register({
        publicKey: publicKeyPem,
        verifyOptions: { algorithms: ['RS256'], issuer, audience },
      }),
    ],
    controllers: [ordersBehind(AuthGuard)],
  }),
};
