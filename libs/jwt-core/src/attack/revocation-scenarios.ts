import { randomUUID } from 'node:crypto';
import type { TestIssuer } from '../test-issuer/test-issuer.js';
import { REVOCATION_TARGETS, type RevocationKind } from '../revocation/revocation.js';
import type { Forge } from './forge.js';
import type { Outcome } from './report.js';
import type { RuleName } from './rules.js';
import { isLetIn, outcomeOf, type Target } from './target.js';

export interface RevocationLimits {
  /** How long a revocation, a new key or a withdrawn one may take to reach the service. */
  readonly withinMs: number;
  /** How old the service lets its revocations become. Undefined: not tried. */
  readonly staleAfterMs: number | undefined;
}

type Note = (name: string, rule: RuleName, outcome: Outcome, status: number) => void;

const MANY = 200;
/** Those that name a claim. A withdrawn key is `changeKeys`. */
const CLAIMS = Object.entries(REVOCATION_TARGETS).flatMap(([kind, { claim }]) =>
  claim === undefined ? [] : [{ kind: kind as RevocationKind, claim }],
);
const isRefused = (status: number) => !isLetIn(status);

/** Revokes tokens, withdraws a key and cuts the service off its feed, one after the other. */
export class RevocationScenarios {
  constructor(
    private readonly issuer: TestIssuer,
    private readonly forge: Forge,
    private readonly target: Target,
    private readonly limits: RevocationLimits,
    private readonly note: Note,
  ) {}

  async run(): Promise<void> {
    await this.revokeTokens();
    await this.changeKeys();
    const { staleAfterMs } = this.limits;
    if (staleAfterMs !== undefined) await this.outlast(staleAfterMs);
  }

  private async revokeTokens(): Promise<void> {
    const { forge, issuer } = this;
    const doomed = CLAIMS.map(({ kind, claim }) => {
      const ids = [randomUUID(), randomUUID()] as const;
      const [seen, unseen] = ids.map((id) => forge.good({ [claim]: id })) as [string, string];
      return { kind, ids, seen, unseen };
    });
    const sid = randomUUID();
    const spared = forge.good({ sid });
    const many = Array.from({ length: MANY }, () => randomUUID());
    const crowd = many.map((jti) => forge.good({ jti, sid }));
    await this.show(...doomed.map(({ seen }) => seen), spared);
    for (const { kind, ids } of doomed) for (const id of ids) void issuer.revoke({ kind, id });
    for (const id of many) void issuer.revoke({ kind: 'jti', id });
    const endsAtMs = performance.now() + this.limits.withinMs;
    for (const { kind, seen } of doomed) {
      const leftMs = endsAtMs - performance.now();
      await this.expectEnd(`${kind}, after the token was seen`, 'revoked', seen, leftMs);
    }
    for (const { kind, unseen } of doomed) {
      await this.expectEnd(`${kind}, before the token was seen`, 'revoked', unseen, 0);
    }
    const statuses = [];
    for (const one of crowd) statuses.push(await this.target.ask({ token: one }));
    const worst = statuses.find((status) => outcomeOf(status) !== 'refused') ?? statuses[0]!;
    this.note(`${MANY} in one second`, 'revoked', outcomeOf(worst), worst);
    await this.expectGood('another token of the session', 'shut', spared);
    const client = doomed.find(({ kind }) => kind === 'client')!;
    const again = forge.good({ [REVOCATION_TARGETS.client.claim]: client.ids[0] });
    await this.expectGood('a later token of a revoked client', 'shut', again);
  }

  private async changeKeys(): Promise<void> {
    const { forge, issuer } = this;
    const { kid } = issuer;
    const [seen, unseen] = [forge.good(), forge.good()];
    await this.show(seen);
    await issuer.rotateKey();
    const rotated = forge.good();
    await this.expectGood('a token of a new key', 'rotate', rotated);
    await this.expectGood('a token of the key before', 'shut', seen);
    await issuer.withdraw(kid);
    await this.expectEnd('kid, after the token was seen', 'key', seen);
    await this.expectEnd('kid, before the token was seen', 'key', unseen, 0);
    await this.expectGood('a token of the other key', 'shut', rotated);
  }

  private async outlast(staleAfterMs: number): Promise<void> {
    const { forge, issuer, target } = this;
    const jti = randomUUID();
    const [good, doomed] = [forge.good(), forge.good({ jti })];
    await this.show(good, doomed);
    issuer.fail('feed', 'refuse');
    void issuer.revoke({ kind: 'jti', id: jti });
    const isStale = (status: number) => status === 503;
    const status = await target.poll(good, isStale, staleAfterMs + this.limits.withinMs);
    const outcome = isStale(status) ? 'refused' : isLetIn(status) ? 'let in' : 'shut out';
    this.note('while the feed is down', 'stale', outcome, status);
    issuer.repair('feed');
    await this.expectGood('when the feed is back', 'stale', good);
    await this.expectEnd('jti, while the feed was down', 'revoked', doomed);
  }

  /** Twice, so that it is remembered where tokens are. */
  private async show(...tokens: readonly string[]): Promise<void> {
    for (const token of [...tokens, ...tokens]) await this.target.ask({ token });
  }

  private async expectEnd(
    name: string,
    rule: RuleName,
    token: string,
    withinMs = this.limits.withinMs,
  ): Promise<void> {
    const status = await this.target.poll(token, isRefused, withinMs);
    this.note(name, rule, outcomeOf(status), status);
  }

  /** `refused` is what is wanted of an attack, and of a good token that it is let in. */
  private async expectGood(name: string, rule: RuleName, token: string): Promise<void> {
    const status = await this.target.poll(token, isLetIn, this.limits.withinMs);
    this.note(name, rule, isLetIn(status) ? 'refused' : 'shut out', status);
  }
}
