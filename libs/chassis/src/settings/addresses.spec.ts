import { describe, expect, it } from 'vitest';

import { pageOrigins } from './addresses.js';

const problemsOf = (text: string) =>
  pageOrigins()
    .safeParse(text)
    .error?.issues.map(({ message }) => message);

describe('the origins of pages', () => {
  it.each([
    ['https://app.example.com', ['https://app.example.com']],
    [
      ' https://a.example , http://localhost:5173,https://a.example',
      ['https://a.example', 'http://localhost:5173'],
    ],
    ['http://[::1]:8080', ['http://[::1]:8080']],
    ['https://xn--bcher-kva.example', ['https://xn--bcher-kva.example']],
  ])('are read from %j', (text, origins) => {
    expect(pageOrigins().parse(text)).toEqual(origins);
  });

  it.each([
    ['any origin', '*', 'wildcard'],
    ['a wildcard for subdomains', 'https://*.example.com', 'wildcard'],
    ['a wildcard port', 'http://localhost:*', 'wildcard'],
    ['null', 'null', 'null'],
    ['NULL', 'NULL', 'null'],
    ['a trailing slash', 'https://app.example.com/', 'slash'],
    ['a path', 'https://app.example.com/page', 'path'],
    ['a query', 'https://app.example.com?a', 'path, query'],
    ['an empty fragment', 'https://app.example.com#', 'fragment'],
    ['credentials', 'https://ada:secret@app.example.com', 'credentials'],
    ['empty credentials', 'https://@app.example.com', 'credentials'],
    ['another scheme', 'ftp://app.example.com', 'https://'],
    ['an extension', 'chrome-extension://abcdef', 'https://'],
    ['a host alone', 'app.example.com', 'https://'],
    ['a host and port', 'localhost:5173', 'https://'],
    ['a scheme alone', 'https://', 'no URL'],
    ['a port that is none', 'https://app.example.com:99999', 'no URL'],
    ['white space inside', 'https://a.example https://b.example', 'no URL'],
    ['upper case', 'https://App.example.com', 'lower case'],
    ['a default port', 'https://app.example.com:443', 'default port'],
    ['letters beyond ASCII', 'https://bücher.example', 'ASCII'],
    ['another spelling of an address', 'http://127.1', 'browsers send it'],
    ['a comma at the end', 'https://app.example.com,', 'origin 2 is empty'],
  ])('are not %s', (_name, text, problem) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems?.[0]).toContain(problem);
    expect(problems?.[0]).not.toContain('example');
  });

  it('are refused one by one', () => {
    expect(problemsOf('*,https://a.example,https://b.example/,null')).toEqual([
      expect.stringMatching(/^origin 1 has a wildcard/),
      expect.stringMatching(/^origin 3 must not end with a slash/),
      expect.stringMatching(/^origin 4 is null/),
    ]);
  });
});
