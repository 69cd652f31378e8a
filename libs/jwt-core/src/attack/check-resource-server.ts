import { generateSigningKey, type SigningKey } from '../test-issuer/access-token.js';
import type { TestIssuer } from '../test-issuer/test-issuer.js';
import type { Attack } from './attack.js';
import { Forge } from './forge.js';
import { claimAttacks, headerAttacks } from './member-attacks.js';
import { OwnServer } from './own-server.js';
import type { AttackResult, CheckReport, Outcome } from './report.js';
import { RevocationScenarios } from './revocation-scenarios.js';
import { type RuleName, ruleNamed } from './rules.js';
import { type Call, isLetIn, outcomeOf, Target } from './target.js';
import { tokenAttacks } from './token-attacks.js';
import { transportAttacks } from './transport-attacks.js';

/** Each is one request that must be refused. Revocations are `RevocationScenarios`. */
export const ALL_ATTACKS: readonly Attack[] = [
  ...headerAttacks,
  ...claimAttacks,
  ...tokenAttacks,
  ...transportAttacks,
];

/** The attacker's own, made once a process: a new one takes a tenth of a second. */
let attackerKey: Promise<SigningKey> | undefined;

export interface CheckOptions extends Call {
  /** The issuer that the service trusts. Its keys are rotated, and one is withdrawn. */
  readonly issuer: TestIssuer;
  /** Of every token, for example `{ scope: 'orders:read' }`. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Groups (`transport`), rules (`bits`) or names of attacks that are left out. */
  readonly skip?: readonly string[];
  /** How long to wait until the service lets a good token in. Default 10,000. */
  readonly readyWithinMs?: number;
  /** How long a revocation may take to reach the service. Default 5,000. */
  readonly revokedWithinMs?: number;
  /** How old the service lets its revocations become. Default: that is not tried. */
  readonly staleAfterMs?: number;
}

/**
 * Attacks a protected endpoint in any language, and reports what it does not refuse: forged and
 * foreign tokens, good tokens in the wrong place, and tokens that were revoked. Between two attacks
 * it must let a good token in; if not, the report says that the set-up is wrong.
 */
export async function checkResourceServer(options: CheckOptions): Promise<CheckReport> {
  const { url, issuer, claims = {}, skip = [], staleAfterMs } = options;
  const { readyWithinMs = 10_000, revokedWithinMs: withinMs = 5_000 } = options;
  const ownKey = await (attackerKey ??= generateSigningKey());
  const own = await OwnServer.start(ownKey);
  const target = new Target(options);
  const forge = new Forge(issuer, claims, ownKey, own.url);
  const results: AttackResult[] = [];
  const isSkipped = (one: { group: string; rule: string; name: string }) =>
    [one.group, one.rule, one.name].some((name) => skip.includes(name));
  const note = (
    one: { group: string; rule: RuleName; name: string },
    outcome: Outcome,
    status: number,
  ) => {
    const { group, name, rule } = one;
    if (!isSkipped(one)) results.push({ group, name, outcome, status, ...ruleNamed(rule) });
  };
  const report = (setUp?: string): CheckReport => {
    const findings = results.filter(({ outcome }) => outcome !== 'refused');
    return { url, issuer: issuer.issuer, ...(setUp !== undefined && { setUp }), results, findings };
  };
  try {
    const good = forge.good();
    const control = async (when: string) => {
      const status = await target.poll(good, isLetIn, readyWithinMs);
      return isLetIn(status) ? undefined : `a good token is answered with ${status}${when}`;
    };
    let fault = await control('');
    const open = await target.ask({});
    if (isLetIn(open)) fault = `a request without a token is answered with ${open}`;
    for (const attack of ALL_ATTACKS) {
      if (fault !== undefined) return report(fault);
      if (isSkipped(attack)) continue;
      const { requests } = own;
      const attempt = attack.make(forge);
      if (attempt.after !== undefined) await target.ask({ token: attempt.after });
      const status = await target.ask(attempt);
      const outcome = outcomeOf(status);
      note(attack, outcome === 'refused' && own.requests > requests ? 'asked' : outcome, status);
      fault = await control(` after the attack ${attack.name}`);
    }
    if (!fault && !skip.includes('revocation')) {
      const limits = { withinMs, staleAfterMs };
      const scenarios = new RevocationScenarios(
        issuer,
        forge,
        target,
        limits,
        (name, rule, ...rest) => note({ group: 'revocation', name, rule }, ...rest),
      );
      await scenarios.run();
    }
    return report(fault);
  } finally {
    target.close();
    await own.close();
  }
}
