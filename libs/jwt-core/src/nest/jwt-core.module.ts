import {
  Catch,
  ConfigurableModuleBuilder,
  Global,
  type InjectionToken,
  Logger,
  Module,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { KeySet } from '../verifier/key-set.js';
import { RevocationFollower } from '../revocation/revocation-follower.js';
import { RevocationList } from '../revocation/revocation-list.js';
import { AccessTokenVerifier } from '../verifier/access-token-verifier.js';
import { TokenError } from '../verifier/token-error.js';
import { AccessError } from '../verifier/access.js';
import { issuersOf, verifierSettings } from '../runtime/verifier-options.js';
import { APP_OPTION_NAMES, appOptionFaults, type JwtCoreOptions } from './app-options.js';
import { Credentials } from './credentials.js';
import { JwtCoreReadiness } from '../runtime/readiness.js';
import { JwtCoreStatistics } from '../runtime/statistics.js';
import { JwtCoreRuntime } from './jwt-core.runtime.js';
import { globalGuardsReachSockets, GuardLookup } from './guard-lookup.js';
import { JwtGuard } from './jwt.guard.js';
import { interceptStreams } from './token-end.interceptor.js';
import { TokenEnds } from './token-ends.js';
import { ProblemFilter } from './problem.filter.js';
import { ProtectedResource } from './protected-resource.js';
import { Refusal, Refusals } from './refusal.js';
import { RouteProtection } from './route-protection.js';
import { gatewaysOf, type Route, Routes } from './routes.js';
import { type ErrorClasses, loadErrorClasses } from './transport-errors.js';
import { GatewayConnections } from './gateway-connections.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<JwtCoreOptions>().setClassMethodName('forRoot').build();

/** Answers refusals as RFC 6750 requires if no filter of the application does. */
@Catch(Refusal, TokenError, AccessError)
class RefusalFilter extends ProblemFilter {}

const ERROR_CLASSES = Symbol('ErrorClasses');

const errorClassesFor = (routes: readonly Route[]) =>
  loadErrorClasses(new Set(routes.map(({ kind }) => kind)));

/** Prepares the handlers of an application, and what is thrown to their callers. */
class HandlerPreparation implements OnModuleInit {
  constructor(
    private readonly routes: Routes,
    private readonly errorClasses: ErrorClasses,
  ) {
    // Before Nest reads the interceptors of the routes.
    interceptStreams(routes.declared);
  }

  /** Now there are also the resolvers that factories make. GraphQLModule reads them after this. */
  async onModuleInit(): Promise<void> {
    interceptStreams(this.routes.all);
    Object.assign(this.errorClasses, await errorClassesFor(this.routes.all));
  }
}

type Part = 'verifier' | 'revocations' | 'follower' | 'readiness' | 'statistics';

const part = (provide: InjectionToken, name: Part): Provider => ({
  provide,
  inject: [JwtCoreRuntime],
  useFactory: (runtime: JwtCoreRuntime) => runtime[name],
});

/**
 * Everything that a service needs to be protected: `JwtCoreModule.forRoot({ issuer, audience })`,
 * once, in its root module. Global, so that `JwtGuard` works in every module.
 *
 * With several issuers the `RevocationList`, `RevocationFollower` and `KeySet` that it exports are
 * those of the first one. `AccessTokenVerifier` verifies for all, with the members of
 * `TokenVerifier` alone.
 *
 * The application does not start if one of its routes has neither `JwtGuard` nor `@Public()`. It
 * starts while the issuer is down, and refuses all tokens until keys and revocations have arrived.
 */
@Global()
@Module({
  providers: [
    {
      provide: Routes,
      inject: [ModulesContainer],
      useFactory: (modules: ModulesContainer) => new Routes(modules),
    },
    {
      provide: JwtCoreRuntime,
      inject: [MODULE_OPTIONS_TOKEN, Routes],
      useFactory: (options: JwtCoreOptions, routes: Routes) =>
        new JwtCoreRuntime(
          verifierSettings(options, 'JwtCoreModule', {
            names: APP_OPTION_NAMES,
            faults: (allowHttp) => appOptionFaults(options, allowHttp),
          }),
          new Logger('JwtCore'),
          () => routes.strictestFreshnessMs(),
          options.waitForIssuerMs,
        ),
    },
    part(AccessTokenVerifier, 'verifier'),
    part(RevocationList, 'revocations'),
    part(RevocationFollower, 'follower'),
    part(JwtCoreReadiness, 'readiness'),
    part(JwtCoreStatistics, 'statistics'),
    {
      provide: KeySet,
      inject: [JwtCoreRuntime],
      // A wrapper: a key set from the options may be a provider elsewhere, too, and Nest would call
      // its lifecycle hooks twice.
      useFactory: ({ keys }: JwtCoreRuntime): KeySet => ({
        get: (kid, algorithm) => keys.get(kid, algorithm),
        find: (kid, algorithm) => keys.find(kid, algorithm),
      }),
    },
    JwtGuard,
    {
      provide: GuardLookup,
      inject: [ModulesContainer, ApplicationConfig, HttpAdapterHost, JwtGuard],
      useFactory: async (
        modules: ModulesContainer,
        application: ApplicationConfig,
        adapterHost: HttpAdapterHost,
        jwtGuard: JwtGuard,
      ) => {
        const hasSockets = gatewaysOf(modules).length > 0;
        const reachesSockets = hasSockets && (await globalGuardsReachSockets());
        return new GuardLookup(modules, application, adapterHost, jwtGuard, reachesSockets);
      },
    },
    {
      provide: RouteProtection,
      inject: [Routes, ModulesContainer, GuardLookup, HttpAdapterHost, MODULE_OPTIONS_TOKEN],
      useFactory: (...parts: ConstructorParameters<typeof RouteProtection>) =>
        new RouteProtection(...parts),
    },
    {
      provide: RefusalFilter,
      inject: [HttpAdapterHost, ApplicationConfig],
      // Not APP_FILTER: that would come before the filters of the application. Nest asks the filter
      // that was added first last, and adds those of the application after it has made providers.
      useFactory: (adapterHost: HttpAdapterHost, application: ApplicationConfig) => {
        const filter = new RefusalFilter(adapterHost);
        application.addGlobalFilter(filter);
        return filter;
      },
    },
    {
      provide: ProtectedResource,
      inject: [MODULE_OPTIONS_TOKEN, Routes, HttpAdapterHost],
      useFactory: (options: JwtCoreOptions, routes: Routes, adapterHost: HttpAdapterHost) =>
        new ProtectedResource(
          options.resource,
          issuersOf(options).map(({ issuer }) => issuer),
          routes,
          adapterHost,
        ),
    },
    {
      provide: ERROR_CLASSES,
      inject: [Routes],
      useFactory: ({ declared }: Routes) => errorClassesFor(declared),
    },
    {
      provide: HandlerPreparation,
      inject: [Routes, ERROR_CLASSES],
      useFactory: (routes: Routes, classes: ErrorClasses) =>
        new HandlerPreparation(routes, classes),
    },
    {
      provide: Refusals,
      inject: [MODULE_OPTIONS_TOKEN, ERROR_CLASSES],
      useFactory: (options: JwtCoreOptions, classes: ErrorClasses) =>
        new Refusals(options, classes),
    },
    GatewayConnections,
    {
      provide: Credentials,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: JwtCoreOptions) => new Credentials(options),
    },
    TokenEnds,
  ],
  exports: [
    AccessTokenVerifier,
    RevocationList,
    RevocationFollower,
    JwtCoreReadiness,
    JwtCoreStatistics,
    KeySet,
    JwtGuard,
    Refusals,
    Credentials,
    TokenEnds,
  ],
})
export class JwtCoreModule extends ConfigurableModuleClass {}
