import { describe, expect, it } from 'vitest';
import { accessRulesOf } from './access-rules.js';
import {
  AcceptStale,
  Freshness,
  type FreshnessLimit,
  type LoginAge,
  OptionalAuth,
  Public,
  RequireAcr,
  RequireRecentLogin,
  RequireRoles,
  RequireScopes,
} from './decorators.js';

abstract class Listing {
  list(this: void) {}
  @RequireScopes('b')
  @RequireRoles('clerk', 'admin')
  @Freshness('2s')
  own(this: void) {}
  @AcceptStale()
  available(this: void) {}
  @Public()
  open(this: void) {}
}

@RequireScopes('a')
@RequireRoles('user')
@Freshness('10s')
class Orders extends Listing {}

@RequireScopes('x', 'y')
@AcceptStale()
class Invoices extends Listing {}

class Plain extends Listing {}

describe('the rules of a route', () => {
  const { list, own, available, open } = Listing.prototype;

  it('are closed and demand nothing more unless something is said', () => {
    expect(accessRulesOf(Plain, list)).toEqual({
      isPublic: false,
      isOptional: false,
      scopes: [],
      roles: [],
      acceptsStale: false,
      freshnessMs: Infinity,
    });
  });

  it('are those of the class where the handler says nothing', () => {
    expect(accessRulesOf(Orders, list)).toMatchObject({
      scopes: ['a'],
      roles: ['user'],
      freshnessMs: 10_000,
    });
  });

  it('are those of the handler where it says something', () => {
    expect(accessRulesOf(Orders, own)).toMatchObject({
      scopes: ['b'],
      roles: ['clerk', 'admin'],
      freshnessMs: 2_000,
    });
  });

  it('differ for one handler in two classes', () => {
    expect(accessRulesOf(Invoices, list)).toMatchObject({ scopes: ['x', 'y'], roles: [] });
    expect(accessRulesOf(Orders, list)).toMatchObject({ scopes: ['a'], roles: ['user'] });
  });

  it('take either @Freshness() or @AcceptStale(), whichever is nearer', () => {
    expect(accessRulesOf(Orders, available)).toMatchObject({
      acceptsStale: true,
      freshnessMs: Infinity,
    });
    expect(accessRulesOf(Invoices, own)).toMatchObject({ acceptsStale: false, freshnessMs: 2_000 });
  });

  it('open a handler whatever its class demands', () => {
    expect(accessRulesOf(Orders, open).isPublic).toBe(true);
  });

  it('open all handlers of an open class', () => {
    @Public()
    class Open extends Listing {}
    expect(accessRulesOf(Open, list).isPublic).toBe(true);
  });

  it('are inherited from the class of a class', () => {
    class Derived extends Orders {}
    expect(accessRulesOf(Derived, list).scopes).toEqual(['a']);
  });

  it('are worked out once', () => {
    expect(accessRulesOf(Orders, list)).toBe(accessRulesOf(Orders, list));
  });

  it.each([
    ['@RequireScopes()', RequireScopes('a')],
    ['@RequireRoles()', RequireRoles('a')],
    ['@RequireRecentLogin()', RequireRecentLogin('5m')],
    ['@RequireAcr()', RequireAcr('mfa')],
    ['@Freshness()', Freshness('2s')],
    ['@AcceptStale()', AcceptStale()],
  ])('cannot open a route and demand something by %s', (_, demand) => {
    class OnHandler {
      @Public()
      @demand
      handle(this: void) {}
    }
    @Public()
    @demand
    class OnClass extends Listing {}
    @Public()
    class OnBoth {
      @demand
      handle(this: void) {}
    }
    const message = /@Public\(\) contradicts/;
    expect(() => accessRulesOf(OnHandler, OnHandler.prototype.handle)).toThrow(message);
    expect(() => accessRulesOf(OnClass, list)).toThrow(message);
    expect(() => accessRulesOf(OnBoth, OnBoth.prototype.handle)).toThrow(message);
  });

  it('cannot be strict and lax about freshness at once', () => {
    class Both {
      @AcceptStale()
      @Freshness('2s')
      handle(this: void) {}
    }
    expect(() => accessRulesOf(Both, Both.prototype.handle)).toThrow('contradicts @AcceptStale()');
  });
});

describe('a decorator that demands something', () => {
  it.each([
    ['@RequireScopes()', RequireScopes],
    ['@RequireRoles()', RequireRoles],
    ['@RequireAcr()', RequireAcr],
    ['@RequireRecentLogin()', (value: string) => RequireRecentLogin(`${BigInt(value.length)}m`)],
  ])('stands once on a handler and once on a class: %s', (name, decorator) => {
    const first = decorator('first');
    const second = decorator('second');
    const twiceOnHandler = () => {
      class Twice {
        @first
        @second
        handle(this: void) {}
      }
      return Twice;
    };
    const twiceOnClass = () => {
      @first
      @second
      class Twice {}
      return Twice;
    };
    expect(twiceOnHandler).toThrow(`${name} is used twice on handle`);
    expect(twiceOnClass).toThrow(`${name} is used twice on`);
  });

  it('may stand on a class and again on one derived from it', () => {
    @RequireScopes('c')
    class Derived extends Orders {}
    expect(accessRulesOf(Derived, Listing.prototype.list).scopes).toEqual(['c']);
  });

  it.each([[[]], [['']], [['a b']], [['a"']], [['a\\']], [['ok', 'é']]])(
    'takes only scopes as RFC 6749 writes them: %j',
    (scopes) => {
      expect(() => RequireScopes(...(scopes as [string]))).toThrow(TypeError);
    },
  );

  it.each([[[]], [['']], [['a', undefined]]])('takes only names of roles: %j', (roles) => {
    expect(() => RequireRoles(...(roles as [string]))).toThrow(TypeError);
  });

  it.each([
    ['30s', 30],
    ['5m', 300],
    ['12h', 43_200],
    ['1d', 86_400],
  ] as const)('reads a login of the last %s as %d s', (age, seconds) => {
    @RequireRecentLogin('1h')
    @RequireAcr('pwd')
    class Recent {
      @RequireRecentLogin(age)
      @RequireAcr('mfa', 'hwk')
      handle(this: void) {}
      @OptionalAuth()
      anyone(this: void) {}
      list(this: void) {}
    }
    const { handle, anyone, list } = Recent.prototype;
    const ofHandler = { maxAgeSeconds: seconds, acrValues: ['mfa', 'hwk'] };
    expect(accessRulesOf(Recent, handle)).toMatchObject(ofHandler);
    const ofClass = { maxAgeSeconds: 3_600, acrValues: ['pwd'] };
    expect(accessRulesOf(Recent, list)).toMatchObject(ofClass);
    const nothing = { maxAgeSeconds: undefined, acrValues: undefined };
    expect(accessRulesOf(Recent, anyone)).toMatchObject(nothing);
  });

  it.each(['', '5', '0m', '-1m', '1.5m', '5 m', '500ms', '1w'])(
    'takes no other words for the age of a login: "%s"',
    (age) => expect(() => RequireRecentLogin(age as LoginAge)).toThrow(TypeError),
  );

  it.each([[[]], [['']], [['a b']], [['a"']]])('takes only values of acr: %j', (values) => {
    expect(() => RequireAcr(...(values as [string]))).toThrow(TypeError);
  });

  it.each([
    ['100ms', 100],
    ['2s', 2_000],
    ['1m', 60_000],
  ] as const)('reads %s as %d ms', (limit, milliseconds) => {
    class Fresh {
      @Freshness(limit)
      handle(this: void) {}
    }
    expect(accessRulesOf(Fresh, Fresh.prototype.handle).freshnessMs).toBe(milliseconds);
  });

  it.each(['', '2', 's', '0s', '-1s', '1.5s', '2 s', '2h', '12345678s', '99ms', 'Infinitys'])(
    'takes no other words for a duration: "%s"',
    (limit) => {
      expect(() => Freshness(limit as FreshnessLimit)).toThrow(TypeError);
    },
  );
});
