import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RevocationList } from '../revocation/revocation-list.js';
import type { TokenVerifier } from '../verifier/issuers-verifier.js';
import { TokenError } from '../verifier/token-error.js';
import { OpenConnections } from './open-connections.js';

const startMs = Date.UTC(2026, 0, 1);
const ended = new Map<string, 'token_revoked'>();
const list = () => new RevocationList({ maxStalenessMs: 1_000 });

/** Tokens that say themselves when they expire, in seconds from the start: `3:a`. */
function connections(revocations = list()) {
  const watch = (token: string) => {
    if (token === 'bad') throw new TokenError('token_invalid', 'bad');
    if (token === 'lost') return Promise.reject(new Error('no connection to the source'));
    const endsAtMs = startMs + Number.parseInt(token) * 1_000;
    const endedBy = () => {
      const code = Date.now() >= endsAtMs ? 'token_expired' : ended.get(token);
      return code && new TokenError(code, 'ended');
    };
    return { revocations, endsAtMs: () => endsAtMs, endedBy };
  };
  return new OpenConnections({ watch } as unknown as TokenVerifier);
}

describe('open connections', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: startMs });
    ended.clear();
  });
  afterEach(() => vi.useRealTimers());

  it('end when their token expires, each once, by one timer for all', () => {
    const open = connections();
    const end = vi.fn<(reason: TokenError) => void>();
    for (let i = 0; i < 100; i++) open.add('3:a', end);
    const later = vi.fn();
    open.add('4:b', later);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(2_999);
    expect(end).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(end).toHaveBeenCalledTimes(100);
    expect(end.mock.calls[0]?.[0].code).toBe('token_expired');
    expect(later).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(later).toHaveBeenCalledOnce();
    expect([open.size, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('end sooner if a later one expires sooner', () => {
    const open = connections();
    const end = vi.fn();
    open.add('20:a', vi.fn());
    open.add('2:b', end);
    vi.advanceTimersByTime(2_000);
    expect(end).toHaveBeenCalledOnce();
  });

  it('end with a revocation at once', () => {
    const revocations = list();
    const open = connections(revocations);
    const [end, other] = [vi.fn<(reason: TokenError) => void>(), vi.fn()];
    open.add('900:a', end);
    open.add('900:b', other);
    ended.set('900:a', 'token_revoked');
    revocations.add([{ kind: 'jti', id: 'x', exp: 1 }]);
    vi.advanceTimersByTime(1);
    expect(end.mock.calls[0]?.[0].code).toBe('token_revoked');
    expect(other).not.toHaveBeenCalled();
  });

  it('do not end after they were released, and leave nothing behind', () => {
    const revocations = list();
    const open = connections(revocations);
    const end = vi.fn();
    const release = open.add('3:a', end);
    release();
    release();
    expect([open.size, vi.getTimerCount()]).toEqual([0, 0]);
    revocations.add([{ kind: 'jti', id: 'x', exp: 1 }]);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect(end).not.toHaveBeenCalled();
  });

  it('end soon if the clock is set forward', () => {
    const open = connections();
    const end = vi.fn();
    open.add('3600:a', end);
    vi.setSystemTime(startMs + 3_600_000);
    vi.advanceTimersByTime(30_000);
    expect(end).toHaveBeenCalledOnce();
  });

  it('end with a revocation at once, also after the clock was set forward', () => {
    const revocations = list();
    const open = connections(revocations);
    const end = vi.fn<(reason: TokenError) => void>();
    open.add('9000:a', end);
    vi.advanceTimersByTime(1_000);
    vi.setSystemTime(startMs + 3_600_000);
    ended.set('9000:a', 'token_revoked');
    revocations.add([{ kind: 'jti', id: 'x', exp: 1 }]);
    vi.advanceTimersByTime(1);
    expect(end.mock.calls[0]?.[0].code).toBe('token_revoked');
  });

  it('end with their token, though the end of another one throws', () => {
    const logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    const open = connections();
    const failure = new Error('the socket is gone');
    open.add('3:a', () => {
      throw failure;
    });
    const end = vi.fn();
    open.add('3:b', end);
    vi.advanceTimersByTime(3_000);
    expect(end).toHaveBeenCalledOnce();
    expect(logged).toHaveBeenCalledWith(failure, expect.any(String));
    expect([open.size, vi.getTimerCount()]).toEqual([0, 0]);
    logged.mockRestore();
  });

  it('end with an error of ours if the source of their token fails with another', async () => {
    const logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    const end = vi.fn<(reason: TokenError) => void>();
    connections().add('lost', end);
    await vi.advanceTimersByTimeAsync(1);
    expect(end.mock.calls[0]?.[0]).toMatchObject({
      name: 'TokenError',
      code: 'introspection_unavailable',
    });
    expect(logged).toHaveBeenCalledOnce();
    logged.mockRestore();
  });

  it('end if their token is no longer good when they open', async () => {
    const open = connections();
    const [expired, bad] = [vi.fn(), vi.fn()];
    open.add('0:a', expired);
    open.add('bad', bad);
    await vi.advanceTimersByTimeAsync(1);
    expect(expired).toHaveBeenCalledOnce();
    expect(bad).toHaveBeenCalledOnce();
  });
});
