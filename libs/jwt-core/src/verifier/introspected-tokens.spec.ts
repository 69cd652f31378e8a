import { describe, expect, it } from 'vitest';
import { provenToken } from './admission.js';
import { AUDIENCE, CLAIMS, ISSUER, NOW } from './signed-token.fixture.js';
import { IntrospectedTokens } from './reference-token-verifier.js';

const proven = (claims: object) =>
  provenToken({ ...CLAIMS, ...claims }, { issuer: ISSUER, audience: AUDIENCE }, undefined, NOW);
const introspected = (claims: object = {}) => ({ proven: proven({ claims }), untilMs: 1 });
const kept = (tokens: IntrospectedTokens, ...names: string[]) =>
  names.filter((name) => tokens.find(name) !== undefined);

describe('IntrospectedTokens', () => {
  it('forgets the one asked about longest ago when it is full', () => {
    const tokens = new IntrospectedTokens(2);
    for (const name of ['a', 'b', 'a', 'c']) tokens.remember(name, introspected());
    expect(kept(tokens, 'a', 'b', 'c')).toEqual(['a', 'c']);
  });

  it('counts a KiB of claims as one token more', () => {
    const tokens = new IntrospectedTokens(10);
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const name of names) tokens.remember(name, introspected());
    tokens.remember('large', introspected({ text: 'x'.repeat(7 * 1024) }));
    expect(kept(tokens, ...names, 'large')).toEqual(['e', 'f', 'large']);
    tokens.forget('large');
    const others = names.map((name) => `${name}2`);
    for (const name of others) tokens.remember(name, introspected());
    expect(kept(tokens, ...names, 'large', ...others)).toEqual(['e', 'f', ...others]);
  });

  it('counts scopes and roles as it counts claims', () => {
    const tokens = new IntrospectedTokens(8);
    tokens.remember('a', introspected());
    const scope = 'orders:read '.repeat(700).trim();
    tokens.remember('large', { proven: proven({ scope }), untilMs: 1 });
    expect(kept(tokens, 'a', 'large')).toEqual(['a']);
  });

  it('does not empty itself for what is larger than all of it', () => {
    const tokens = new IntrospectedTokens(2);
    tokens.remember('a', introspected());
    tokens.remember('large', introspected({ text: 'x'.repeat(4 * 1024) }));
    expect(kept(tokens, 'a', 'large')).toEqual(['a']);
  });

  it('forgets what was small once it is too large to keep', () => {
    const tokens = new IntrospectedTokens(2);
    tokens.remember('a', introspected());
    tokens.remember('a', introspected({ text: 'x'.repeat(4 * 1024) }));
    expect(kept(tokens, 'a')).toEqual([]);
  });

  it('keeps what is as large as all of it', () => {
    const tokens = new IntrospectedTokens(1);
    for (const name of ['a', 'b']) tokens.remember(name, introspected());
    expect(kept(tokens, 'a', 'b')).toEqual(['b']);
  });

  it('keeps nothing when nothing may be kept', () => {
    const tokens = new IntrospectedTokens(0);
    tokens.remember('a', introspected());
    expect(kept(tokens, 'a')).toEqual([]);
  });
});
