import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseJsonObject } from './strict-json.js';

const parse = (json: string | readonly number[]) =>
  parseJsonObject(typeof json === 'string' ? Buffer.from(json) : Buffer.from(json));
const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
const bytes = (text: string) => [...Buffer.from(text, 'latin1')];

describe('parseJsonObject', () => {
  it.each([
    ['an empty object', '{}'],
    ['members of every type', '{"a":1,"b":"x","c":[1,{"d":null}],"e":{"f":true},"g":-1.5e3}'],
    ['white space around', ' \t\r\n{ "a" : 1 }\n'],
    ['the same name in different objects', '{"a":{"a":1},"b":[{"a":1},{"a":1}]}'],
    ['names that differ in case only', '{"a":1,"A":2}'],
    ['colons in strings', '{"a:b":"c:d","e":":","f":[":",":"]}'],
    ['quotes in strings', '{"a\\":1,\\"b":"\\"c\\":1"}'],
    ['backslashes before a closing quote', '{"a\\\\":"b\\\\","c":"\\\\\\":1"}'],
    ['an empty name', '{"":1}'],
    ['names that look like indices', '{"1":1,"0":2,"01":3}'],
    ['names of what objects inherit', '{"constructor":1,"toString":2,"hasOwnProperty":3}'],
    ['characters of two, three and four bytes', '{"é":"€","😀":"é:😀"}'],
    ['a surrogate pair, escaped', '{"a":"\\ud83d\\ude00","\\uD83D\\uDE00":1}'],
    ['a replacement character', '{"a":"\\ufffd"}'],
    ['null beside an escape', '{"a":null,"b":"\\u0041"}'],
    ['64 levels', nested(64)],
  ])('reads %s', (_, json) => {
    expect(parse(json)).toEqual(JSON.parse(json));
  });

  it.each([
    ['nothing', ''],
    ['an array', '[{"a":1}]'],
    ['null', 'null'],
    ['a string', '"a"'],
    ['a number', '1'],
    ['text after the object', '{"a":1}x'],
    ['a second object', '{}{}'],
    ['a comment', '{/* */"a":1}'],
    ['a trailing comma', '{"a":1,}'],
    ['single quotes', "{'a':1}"],
    ['NaN', '{"a":NaN}'],
    ['a raw line break in a string', '{"a":"\n"}'],
    ['a byte order mark', '\ufeff{"a":1}'],
    ['a member twice', '{"a":1,"a":2}'],
    ['a member twice with the same value', '{"a":1,"a":1}'],
    ['a member twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['a member twice, escaped in two ways', '{"\\/":1,"\\u002f":2}'],
    ['an index twice', '{"1":1,"1":2}'],
    ['an empty name twice', '{"":1,"":2}'],
    ['a member twice in an object in an object', '{"a":{"b":{"c":1,"c":2}}}'],
    ['a member twice in an object in an array', '{"a":[[{"b":1,"b":2}]]}'],
    ['a member twice, hidden in what is overwritten', '{"a":{"b":1,"c":2},"a":{"b":1,"c":2}}'],
    // threat:prototype-pollution
    ['a member __proto__', '{"__proto__":{"exp":9999999999}}'],
    ['a member __proto__, escaped', '{"a":[{"\\u005f_proto__":1}]}'],
    // threat:stack-exhaustion
    ['65 levels', nested(65)],
    ['thousands of levels', nested(4000)],
    ['bytes that are not UTF-8', bytes('{"a":"\xff"}')],
    ['an overlong encoding', bytes('{"a":"\xc0\xaf"}')],
    ['half a surrogate pair in UTF-8', bytes('{"a":"\xed\xa0\x80"}')],
    ['a character cut short', bytes('{"a":"\xe2\x82"}')],
    ['a lone surrogate in a string', '{"a":"\\ud800"}'],
    ['a lone low surrogate within text', '{"a":"x\\uDFFFy"}'],
    ['surrogates in the wrong order', '{"a":"\\udc00\\ud800"}'],
    ['a lone surrogate before a pair', '{"a":"\\ud83d\\ud83d\\ude00"}'],
    ['a lone surrogate in a name', '{"a\\udbff":1}'],
    ['a lone surrogate deep inside', '{"a":[[{"b":["\\ud800"]}]]}'],
    ['UTF-16', [...Buffer.from('{"a":1}', 'utf16le')]],
  ])('refuses %s', (_, json) => {
    expect(() => parse(json)).toThrow(expect.objectContaining({ code: 'token_invalid' }));
  });

  it('keeps what it was given out of the error', () => {
    const text = '{"email":ada@example.com}';
    // What JSON.parse itself would say, and what an error with a cause would log.
    expect(() => JSON.parse(text) as unknown).toThrow('ada');
    expect(() => parse(text)).toThrow(
      expect.toSatisfy((error: Error) => !inspect(error).includes('ada@')),
    );
  });
});
