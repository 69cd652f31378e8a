import { beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../plan/fault-plan.js';
import { FaultHistory } from '../stage/fault-history.js';
import { Judge } from './judge.js';
import type { Probe, Verdict } from './probe.js';
import { RevocationRecord } from './revocation-record.js';
import { type Subject, revocationsOf } from './subject.js';

const subject: Subject = { token: 't', jti: 'j', sid: 's', client: 'c', kid: 'k', exp: 2e9 };
const bounds = { stalenessMs: 3_000, calmMs: 2_000, settlingMs: 5_000 };
const cut: Fault = { kind: 'issuer-cut', target: 0, atMs: 0, forMs: 0, shiftSeconds: 0 };
const clock: Fault = { kind: 'clock-ahead', target: 1, atMs: 0, forMs: 0, shiftSeconds: 3_600 };

let record: RevocationRecord;
let faults: FaultHistory;
let judge: Judge;
beforeEach(() => {
  record = new RevocationRecord();
  faults = new FaultHistory();
  judge = new Judge(bounds, record, faults);
});

const probe = (verdict: Verdict, startedAtMs: number, service = 0): Probe => ({
  subject,
  service,
  startedAtMs,
  endedAtMs: startedAtMs + 10,
  verdict,
});
const revoked = (revocation = revocationsOf(subject)[0]!) => {
  record.attempted(revocation, 900);
  record.acknowledged(revocation, 1_000);
};

describe('a revoked token', () => {
  it.each(revocationsOf(subject))(
    'may not be accepted long after its $kind was revoked',
    (revocation) => {
      revoked(revocation);
      expect(judge.during(probe('accepted', 2_999))).toBeUndefined();
      expect(judge.during(probe('accepted', 3_001))).toMatchObject({ rule: 'accepted_too_late' });
      expect(judge.during(probe('token_revoked', 3_001))).toBeUndefined();
      expect(judge.worst).toEqual({ calmMs: 2_001, faultMs: 0 });
    },
  );

  it.each([
    ['is broken', Infinity],
    ['was broken a moment ago', 500],
  ])('may be accepted for the declared staleness, and no longer, while something %s', (_, toMs) => {
    revoked();
    faults.ended(faults.began(cut, 100), toMs);
    expect(judge.during(probe('accepted', 3_999))).toBeUndefined();
    expect(judge.during(probe('accepted', 4_001))).toMatchObject({ rule: 'accepted_too_late' });
    expect(judge.worst).toEqual({ calmMs: 0, faultMs: 3_001 });
  });

  it('may be accepted until its revocation is acknowledged, however long that takes', () => {
    record.attempted({ kind: 'jti', id: 'j' }, 900);
    expect(judge.during(probe('accepted', 60_000))).toBeUndefined();
    expect(judge.afterwards(probe('accepted', 60_000))).toBeUndefined();
  });

  it('may be refused from the first attempt to revoke it', () => {
    record.attempted({ kind: 'sid', id: 's' }, 900);
    expect(judge.during(probe('token_revoked', 895))).toBeUndefined();
    expect(judge.during(probe('token_revoked', 880))).toMatchObject({ rule: 'refused_alive' });
  });

  it('counts as a missing revocation when it is accepted after recovery', () => {
    revoked();
    expect(judge.afterwards(probe('accepted', 1_100))).toMatchObject({
      rule: 'revocation_missing',
    });
  });

  it('is reported with its revocations and faults', () => {
    revoked();
    faults.began(cut, 950);
    const { story = '' } = judge.during(probe('accepted', 9_000)) ?? {};
    for (const fact of ['orders 0', 'jti j', 'sid s', '0.900 s', '1.000 s', 'issuer-cut 0']) {
      expect(story).toContain(fact);
    }
  });
});

describe('a token without a revocation', () => {
  it.each(['token_revoked', 'token_expired', 'token_invalid', 'token_missing'] as const)(
    'may not be refused with %s',
    (verdict) => {
      record.attempted({ kind: 'jti', id: 'of another' }, 0);
      expect(judge.during(probe(verdict, 1_000))).toMatchObject({ rule: 'refused_alive' });
    },
  );

  it.each([
    ['token_expired', 1, undefined],
    ['token_invalid', 1, undefined],
    ['token_revoked', 1, 'refused_alive'],
    ['token_expired', 0, 'refused_alive'],
  ] as const)('by a clock that is moved, %s at service %i is %s', (verdict, service, rule) => {
    faults.began(clock, 0);
    expect(judge.during(probe(verdict, 1_000, service))?.rule).toBe(rule);
  });

  it('is not excused by another fault', () => {
    faults.began(cut, 0);
    expect(judge.during(probe('token_invalid', 1_000))).toMatchObject({ rule: 'refused_alive' });
  });
});

describe('a service', () => {
  it.each(['unknown', 'unanswered'] as const)(
    'may say %s during faults, and not after recovery',
    (verdict) => {
      expect(judge.during(probe(verdict, 1_000))).toBeUndefined();
      expect(judge.afterwards(probe(verdict, 1_000))).toMatchObject({ rule: 'not_recovered' });
    },
  );

  it('may never fail', () => {
    expect(judge.during(probe('unexpected 500', 1_000))).toMatchObject({
      rule: 'unexpected_answer',
    });
  });

  it('that is right is not blamed', () => {
    expect(judge.during(probe('accepted', 1_000))).toBeUndefined();
    revoked();
    expect(judge.afterwards(probe('token_revoked', 1_000))).toBeUndefined();
  });
});
