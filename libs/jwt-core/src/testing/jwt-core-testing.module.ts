import type { JwtCoreOptions } from '../nest/app-options.js';
import { JwtCoreRuntime } from '../nest/jwt-core.runtime.js';
import { verifierSettings } from '../runtime/verifier-options.js';
import { callersIssuer } from '../test-issuer/caller.js';

/** The options of `JwtCoreModule` that a test of an application's guards may need. */
export interface JwtCoreTestingOptions {
  readonly unprotectedRoutes?: 'refuse' | 'warn';
  /** Other guards that protect an entry: classes, or objects with `canActivate`. */
  readonly guards?: readonly object[];
  /** The token of a request without a Bearer token. */
  tokenFrom?(this: void, request: never): string | undefined;
}

/** A dynamic module of Nest. */
export interface JwtCoreTestingDefinition {
  readonly module: new () => object;
  readonly imports: JwtCoreTestingDefinition[];
}

/** What `Test.createTestingModule()` returns. */
interface Builder<B> {
  overrideProvider(token: unknown): { useValue(value: unknown): B };
}

const SILENT = { log: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * `JwtCoreModule` for tests: it accepts the callers of `asCaller()` and no other, asks nobody, and
 * needs no waiting. Guards, scopes, roles and refusals are those of production.
 */
export class JwtCoreTestingModule {
  /**
   * For a module that a test puts together:
   *
   * ```ts
   * const module = await Test.createTestingModule({
   *   imports: [JwtCoreTestingModule.forRoot()],
   *   controllers: [OrdersController],
   * }).compile();
   * ```
   *
   * @throws Error in production
   */
  static async forRoot(options: JwtCoreTestingOptions = {}): Promise<JwtCoreTestingDefinition> {
    refuseProduction();
    // Loaded here, as services without Nest use what else `testing` exports.
    const { JwtCoreModule } = await import('../nest/jwt-core.module.js');
    const all = { ...options, ...callersIssuer() } as JwtCoreOptions;
    return { module: JwtCoreTestingModule, imports: [JwtCoreModule.forRoot(all)] } as never;
  }

  /**
   * For a whole application, whose `JwtCoreModule` then trusts the callers in place of its issuers:
   *
   * ```ts
   * const builder = Test.createTestingModule({ imports: [AppModule] });
   * const module = await JwtCoreTestingModule.replaceIn(builder).compile();
   * ```
   *
   * @throws Error in production
   */
  static replaceIn<B extends Builder<B>>(builder: B): B {
    refuseProduction();
    const settings = verifierSettings(callersIssuer(), 'JwtCoreTestingModule');
    return builder.overrideProvider(JwtCoreRuntime).useValue(new JwtCoreRuntime(settings, SILENT));
  }
}

function refuseProduction(): void {
  // oxlint-disable-next-line no-restricted-properties -- a library has no settings of its own
  if (process.env.NODE_ENV !== 'production') return;
  throw new Error('JwtCoreTestingModule lets in any caller that a test names: not for production.');
}
