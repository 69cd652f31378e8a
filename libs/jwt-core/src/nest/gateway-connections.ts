import type { EventEmitter } from 'node:events';
import {
  type CanActivate,
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { INTERNAL_ERROR, type Problem, refusalProblem } from '../http/problem.js';
import { rememberUpgrade } from './calls.js';
import { Public } from './decorators.js';
import { GuardLookup } from './guard-lookup.js';
import { problemOfRefusal } from './refusal.js';
import { gatewaysOf } from './routes.js';
import { closeSocket, holdSocket, isOpen, sendException } from './socket.js';
import { onClose, tokenEndsOf } from './token-ends.js';
import { isPromise } from '../verifier/is-promise.js';

type Gateways = ReturnType<typeof gatewaysOf>;
type Hook = (this: object, client: object, ...rest: unknown[]) => unknown;
interface Gateway {
  handleConnection?: Hook;
  handleDisconnect?: Hook;
}

/** What judges the connections of a gateway, by instance. */
const gates = new WeakMap<object, Gate>();
/** By class. */
const makers = new WeakMap<object, { readonly owner: GatewayConnections; make(): Gate }>();
const hooked = new WeakSet<object>();

/**
 * A port of its own is open before the start is done: then the first connection makes it.
 * `undefined` outside of an application.
 */
function gateOf(gateway: object, type: Type): Gate | undefined {
  const known = gates.get(gateway);
  if (known) return known;
  const made = makers.get(type)?.make();
  if (made) gates.set(gateway, made);
  return made;
}

/**
 * Judges sockets when they are opened. Silent listeners (threat:silent-listeners): Nest calls the
 * guards of a gateway for each message, but not for a connection, so that a client without a token
 * could receive what a gateway sends to everybody. A gateway whose class has `JwtGuard`, or that a
 * global one guards, takes no such client: it gets the event `exception`, and its socket is closed.
 */
@Injectable()
export class GatewayConnections implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly modules: ModulesContainer,
    private readonly guards: GuardLookup,
  ) {
    // Nest looks for the hooks of a gateway before it calls those of modules.
    for (const gateway of gatewaysOf(modules)) {
      hook(gateway.type);
      makers.set(gateway.type, { owner: this, make: () => this.gateFor(gateway) });
    }
  }

  /** @throws Error for a gateway that would take connections before they are judged */
  onModuleInit(): void {
    for (const gateway of gatewaysOf(this.modules)) {
      const { module, type, instance, wrapper } = gateway;
      const isPublic = Reflect.getMetadata(Public.KEY, type) === true;
      const isGuarded = !isPublic && this.guards.ofConnections(module, type) !== undefined;
      if (isGuarded && !wrapper.isDependencyTreeStatic()) {
        throw new Error(
          `${type.name} is made for each request, and Nest makes it after a client is connected: ` +
            'JwtGuard cannot come first. Give it no dependency, guard, interceptor, pipe or filter ' +
            'of request scope',
        );
      }
      if (isGuarded && Object.hasOwn(instance, 'handleConnection')) {
        throw new Error(
          `${type.name}.handleConnection must be a method for JwtGuard to come first`,
        );
      }
      if (!gates.has(instance)) gates.set(instance, this.gateFor(gateway));
    }
  }

  /** After the last socket: a test may still call the methods of a gateway by itself. */
  onApplicationShutdown(): void {
    for (const { type, instance } of gatewaysOf(this.modules)) {
      gates.delete(instance);
      if (makers.get(type)?.owner === this) makers.delete(type);
    }
  }

  private gateFor({ module, type }: Gateways[number]): Gate {
    return new Gate(type, this.guards.ofConnections(module, type));
  }
}

/** Puts the gate before what the gateway itself does with a new connection, once for each class. */
function hook(type: Type): void {
  const prototype = type.prototype as Gateway;
  if (hooked.has(prototype)) return;
  hooked.add(prototype);
  const { handleConnection, handleDisconnect } = prototype;
  prototype.handleConnection = function (client, ...rest) {
    const proceed = () => handleConnection?.call(this, client, ...rest);
    const gate = gateOf(this, type);
    return gate ? gate.connect(client, rest[0], proceed) : proceed();
  };
  prototype.handleDisconnect = function (client, ...rest) {
    // The gateway never saw it.
    if (gateOf(this, type)?.hasAdmitted(client) === false) return undefined;
    return handleDisconnect?.call(this, client, ...rest);
  };
}

/** Of a token for which the issuer is asked. Meanwhile nothing is sent to the client. */
function judgedLater(
  client: object,
  judged: Promise<unknown>,
  admit: (isAllowed: unknown) => unknown,
  refuse: (error: unknown) => void,
): Promise<unknown> {
  const release = holdSocket(client);
  return judged
    .then(
      (isAllowed) => {
        release(isAllowed === true);
        return admit(isAllowed);
      },
      (error: unknown) => {
        release(false);
        refuse(error);
      },
    )
    .catch(refuse);
}

const FORBIDDEN: Problem = { status: 403, code: 'forbidden' };

/** Closes a socket, and says why. */
function dismiss(client: object, problem: Problem): void {
  sendException(client, problem);
  closeSocket(client, problem);
}

/** Admits sockets to one gateway. */
class Gate {
  private readonly logger = new Logger('JwtGuard');
  private readonly admitted = new WeakSet<object>();

  constructor(
    private readonly type: Type,
    private readonly guard: CanActivate | undefined,
  ) {}

  hasAdmitted(client: object): boolean {
    return !this.guard || this.admitted.has(client);
  }

  connect(client: object, request: unknown, proceed: () => unknown): unknown {
    rememberUpgrade(client, request);
    // Again where a gateway inherits its hooks from another.
    if (!this.guard || this.hasAdmitted(client)) return proceed();
    const context = new ExecutionContextHost(
      [client, undefined, 'connection'],
      this.type,
      this.type,
    );
    context.setType('ws');
    const admit = (isAllowed: unknown) => {
      if (isAllowed !== true) return this.refuse(client, undefined);
      // The client left while the issuer was asked.
      if (!isOpen(client)) return undefined;
      this.admitted.add(client);
      this.follow(client);
      return proceed();
    };
    const refuse = (error: unknown) => this.refuse(client, error);
    try {
      const judged = this.guard.canActivate(context);
      return isPromise(judged) ? judgedLater(client, judged, admit, refuse) : admit(judged);
    } catch (error) {
      return refuse(error);
    }
  }

  /** Closes the socket when its token ends, though no message of it comes. */
  private follow(client: object): void {
    const release = tokenEndsOf(client)?.follow(client, (reason) =>
      dismiss(client, refusalProblem(reason)),
    );
    if (release) onClose(client as EventEmitter, release);
  }

  private refuse(client: object, error: unknown): void {
    const problem = problemOfRefusal(error);
    if (!problem && error !== undefined) this.logger.error(error);
    dismiss(client, problem ?? (error === undefined ? FORBIDDEN : INTERNAL_ERROR));
  }
}
