import { z } from 'zod';

import type { Setting } from './setting.js';

/**
 * The origins of pages, such as `https://app.example.com,http://localhost:5173`: each exactly as a
 * browser sends it in `Origin`, because they are compared as texts. Every wrong entry is a problem of
 * its own, named by its position.
 */
export function pageOrigins(): Setting<readonly string[]> {
  return z.string().transform((text, context) => {
    const origins = text.split(',').map((origin) => origin.trim());
    for (const [index, origin] of origins.entries()) {
      const problem = problemOf(origin);
      if (problem === undefined) continue;
      context.addIssue({ code: 'custom', message: `origin ${index + 1} ${problem}` });
    }
    return [...new Set(origins)];
  });
}

/** What is wrong with an origin, as the rest of a sentence. It never repeats the text. */
function problemOf(origin: string): string | undefined {
  if (origin === '') return 'is empty: separate origins by single commas';
  if (origin.includes('*')) return 'has a wildcard: list each origin';
  if (origin.toLowerCase() === 'null') return 'is null, which any sandboxed page can send';
  if (!/^https?:\/\//i.test(origin)) return 'must begin with https:// or http://';
  if (!URL.canParse(origin)) return 'is no URL';
  const url = new URL(origin);
  if (origin.includes('@')) return 'has credentials';
  if (origin.endsWith('/') && url.pathname === '/') return 'must not end with a slash';
  if (url.pathname !== '/' || /[?#]/.test(origin)) return 'must not have a path, query or fragment';
  if (url.origin !== origin) {
    return 'must be as browsers send it: in lower case, in ASCII, without the default port';
  }
  return undefined;
}
