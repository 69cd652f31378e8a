import { isLoopback } from '@jwt-auth/jwt-core';
import { setting, type Setting } from '@jwt-auth/chassis';

import type { MailServer } from '../config.js';
import { Email } from '../credentials/email.js';

/** Options of nodemailer that are safe to choose in the query of the address. */
const OPTIONS = new Set(['requireTLS', 'ignoreTLS', 'name']);

/** The address of a mail server, such as `smtps://user:password@smtp.example.com`. */
export function smtpUrl(): Setting<MailServer> {
  const expected =
    'smtp://user:password@host:port or smtps://…, with no path, and of options only ' +
    [...OPTIONS].join(', ');
  return setting(expected, (text) => {
    if (!URL.canParse(text)) return undefined;
    const url = new URL(text);
    const { protocol, hostname, username, password, pathname, searchParams, hash } = url;
    if (protocol !== 'smtp:' && protocol !== 'smtps:') return undefined;
    if (hostname === '' || (username === '') !== (password === '')) return undefined;
    if (!['', '/'].includes(pathname) || hash !== '') return undefined;
    if ([...searchParams.keys()].some((name) => !OPTIONS.has(name))) return undefined;
    const isPrivate = username === '' || isLoopback(new URL(`http://${url.host}`));
    return { url: text, requiresTls: !isPrivate && !searchParams.has('requireTLS') };
  });
}

/** Whom mail is from: `accounts@example.com`, or `Accounts <accounts@example.com>`. */
export function mailFrom(): Setting<string> {
  return setting('an e-mail address, or a name before one in angle brackets', (text) => {
    const { address = text } =
      /^[^<>"\p{Cc}]{1,100} <(?<address>[^<>]+)>$/u.exec(text)?.groups ?? {};
    return Email.safeParse(address).success && address === address.trim() ? text : undefined;
  });
}
