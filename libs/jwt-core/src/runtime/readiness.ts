import type { IssuerRuntime } from './issuer-runtime.js';

/** One thing that a service needs to be ready, as a check for a health endpoint. */
export interface JwtCoreCheck {
  readonly name: string;
  /** What is missing, in a few words. `undefined`: nothing. */
  check(): string | undefined;
}

/**
 * Whether tokens can be verified: a check of the keys, and one of the revocation list. With several
 * issuers there are two for each of them, which name it and fail only while no issuer is usable:
 * one that is down must not stop the requests with tokens of another.
 */
export class JwtCoreReadiness {
  readonly checks: readonly JwtCoreCheck[];

  constructor(private readonly issuers: readonly IssuerRuntime[]) {
    this.checks = issuers.flatMap((issuer) => [
      { name: this.named('keys', issuer), check: () => this.failing(issuer)?.keys },
      { name: this.named('revocation list', issuer), check: () => this.failing(issuer)?.list },
    ]);
  }

  /** What is missing of each issuer, in a few words, also while another one is usable. */
  get missing(): readonly string[] {
    return this.issuers.flatMap((issuer) => {
      const { keys, list } = issuer.missing;
      return [
        ...(keys === undefined ? [] : [`${this.named('keys', issuer)} ${keys}`]),
        ...(list === undefined ? [] : [`${this.named('revocation list', issuer)} ${list}`]),
      ];
    });
  }

  /**
   * What an operator should know of a service that is ready: what is missing, and not revocable.
   */
  get notes(): readonly string[] {
    const unrevocable = this.issuers
      .filter(({ revocations }) => revocations.state === 'none')
      .map(({ issuer, settings }) => {
        const seconds = (settings.maxLifetimeMs ?? 0) / 1_000;
        return `revocations of ${issuer}: none, tokens live for ${seconds} s at most`;
      });
    return [...this.missing, ...unrevocable];
  }

  private failing(issuer: IssuerRuntime): IssuerRuntime['missing'] | undefined {
    const isOneUsable = this.issuers.some(({ missing }) => !missing.keys && !missing.list);
    return isOneUsable ? undefined : issuer.missing;
  }

  private named(what: string, { issuer }: IssuerRuntime): string {
    return this.issuers.length === 1 ? what : `${what} of ${issuer}`;
  }
}
