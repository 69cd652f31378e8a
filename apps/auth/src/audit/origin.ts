import { callerAddress } from '@jwt-auth/chassis';
import type { AuthenticatedRequest, Principal } from '@jwt-auth/jwt-core';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Where a request came from, as sessions show it and the audit log keeps it. */
export interface Origin {
  /** An IP address in its canonical form, or `unknown`. */
  readonly address: string;
  /** What the client says of itself: cut short, and never to be trusted. */
  readonly userAgent: string | null;
  readonly requestId: string;
}

/** The caller of a request, whose token `JwtGuard` has verified, and the key that signed it. */
export interface Caller extends Principal {
  /** Absent: a reference token. */
  readonly kid: string | undefined;
}

/** Who does something that the audit log keeps, and from where. */
export interface DoneBy {
  /** The id of a user or client; `null`: a command in a shell, the system, or a caller that is not known. */
  readonly actor: string | null;
  /** Absent if there is no request. */
  readonly origin?: Origin | undefined;
  /** The caller's token, for `demandStillValid`. Absent: a command, or no token is needed. */
  readonly caller?: Caller | undefined;
  /** The name of the command in a shell, as `delete-user`. */
  readonly command?: string | undefined;
}

const MAX_USER_AGENT = 256;

/** The parameter of a handler that receives the origin of its request. */
export const RequestOrigin = createParamDecorator((_: unknown, context: ExecutionContext) =>
  originOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** The parameter of a handler that receives its caller, whose token `JwtGuard` has verified. */
export const ByCaller = createParamDecorator((_: unknown, context: ExecutionContext): DoneBy => {
  const request = context.switchToHttp().getRequest<GuardedRequest & { principal: Principal }>();
  const caller = callerOf(request, request.principal);
  return { actor: caller.subject, origin: originOf(request), caller };
});

export type GuardedRequest = FastifyRequest & AuthenticatedRequest;

/** Reads the `kid` from the token again, which the guard has verified: no `Principal` says it. */
export function callerOf(
  { headers }: Pick<FastifyRequest, 'headers'>,
  principal: Principal,
): Caller {
  const [, header] = /^bearer +([\w-]+)\./i.exec(headers.authorization ?? '') ?? [];
  if (header === undefined) return { ...principal, kid: undefined };
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
  return { ...principal, kid };
}

export function originOf(
  request: Pick<FastifyRequest, 'callerAddress' | 'id' | 'headers'>,
): Origin {
  return {
    address: callerAddress(request),
    userAgent: request.headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? null,
    requestId: request.id,
  };
}
