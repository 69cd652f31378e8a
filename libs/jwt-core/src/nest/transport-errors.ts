import { type Problem, problemDocument } from '../http/problem.js';
import type { EntryKind } from './handlers.js';

type ErrorClass = new (message: object) => Error;

/**
 * The classes of errors of optional packages, as far as the application needs them. Not by their
 * own types: a project that compiles against this library may not have those packages.
 */
export interface ErrorClasses {
  readonly GraphQLError?: (new (message: string, options: object) => Error) | undefined;
  readonly RpcException?: ErrorClass | undefined;
  readonly WsException?: ErrorClass | undefined;
}

/** Loads the packages of the entries that an application has. Others need not be installed. */
export async function loadErrorClasses(kinds: ReadonlySet<EntryKind>): Promise<ErrorClasses> {
  const [graphql, microservices, websockets] = await Promise.all([
    kinds.has('graphql') ? import('graphql') : undefined,
    kinds.has('rpc') ? import('@nestjs/microservices') : undefined,
    kinds.has('ws') ? import('@nestjs/websockets') : undefined,
  ]);
  return {
    GraphQLError: graphql?.GraphQLError,
    RpcException: microservices?.RpcException,
    WsException: websockets?.WsException,
  };
}

const GRAPHQL_CODES: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  503: 'SERVICE_UNAVAILABLE',
};

/** A problem as Nest sends errors over sockets and messages. */
export function messageError(problem: Problem) {
  const { title: message, status: statusCode, code } = problemDocument(problem);
  return { status: 'error', message, code, statusCode };
}

/**
 * A refusal in the form of a transport. `undefined` where a refusal is an HttpException. None of
 * them has the cause as a member that could be sent.
 */
export function transportError(
  type: string,
  problem: Problem,
  { GraphQLError, RpcException, WsException }: ErrorClasses,
): Error | undefined {
  if (type === 'graphql' && GraphQLError) {
    const document = problemDocument(problem);
    const code = GRAPHQL_CODES[problem.status];
    return new GraphQLError(document.title, { extensions: { code, problem: document } });
  }
  const error = messageError(problem);
  if (type === 'rpc' && RpcException) return new RpcException(error);
  if (type === 'ws' && WsException) return new WsException(error);
  return undefined;
}
