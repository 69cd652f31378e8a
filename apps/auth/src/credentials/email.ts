import { domainToASCII } from 'node:url';

import { oneLine } from '@jwt-auth/chassis';
import { z } from 'zod';

// RFC 5321 section 4.1.2, with the characters beyond ASCII of RFC 6531 section 3.3.
const ATOM = String.raw`(?:[\w!#$%&'*+/=?^\x60{|}~-]|[^\0-\x7f])+`;
const DOT_STRING = new RegExp(String.raw`^${ATOM}(?:\.${ATOM})*$`, 'u');
const QUOTED_STRING = /^"(?<content>(?:[ !#-[\]-~]|\\[ -~]|[^\0-\x7f])*)"$/u;
/**
 * Characters beyond ASCII that are invisible, or change the direction of text: with them an address looks
 * like another one (threat:lookalike-addresses). Joiners are allowed, as some scripts need them.
 */
const HIDDEN =
  /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Co}\p{Z}\p{Surrogate}\p{Noncharacter_Code_Point}]/u;
// A domain with at least one dot.
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DOMAIN = new RegExp(`^(?:${LABEL}\\.)+(?!\\d+$)${LABEL}$`, 'i');

/** Octets: RFC 5321 sections 4.5.3.1.1 and 4.5.3.1.3. */
const MAX_LOCAL_PART = 64;
const MAX_LENGTH = 254;

/**
 * An e-mail address (RFC 5321, RFC 6531), without white space around it, in the one spelling that an
 * account has of it: what looks the same is composed alike (NFC), a local part is quoted only where it
 * must be, and the domain, which may be written in any script, is in its ASCII form (IDNA). Refused are
 * address literals (`ada@[192.0.2.1]`) and domains without a dot.
 *
 * For a local part beyond ASCII, each mail server on the way needs SMTPUTF8.
 */
export const Email = z
  .string()
  .overwrite(canonical)
  .refine(isEmail, 'is not an e-mail address')
  .meta({ format: 'idn-email', maxLength: MAX_LENGTH });

/**
 * The first characters of an e-mail, or all of it: for a search. A domain beyond ASCII has to be whole, as
 * the ASCII form of its beginning is not the beginning of its ASCII form.
 */
export const EmailPrefix = z
  .string()
  .min(1)
  .max(MAX_LENGTH)
  .check(oneLine)
  .overwrite(canonical)
  .refine((text) => !isInternational(domainOf(text)), 'has a domain that is not valid')
  .meta({
    description:
      'The beginning of an e-mail, without regard to case. A domain beyond ASCII has to be whole',
  });

/** E-mails that differ in case only are one account, whatever the database's locale is. */
export const emailKey = (email: string): string => email.toLowerCase().normalize('NFC');

function canonical(text: string): string {
  const email = text.trim().normalize('NFC');
  const at = email.lastIndexOf('@');
  if (at < 0) return email;
  return `${withoutNeedlessQuotes(email.slice(0, at))}@${asciiDomain(email.slice(at + 1))}`;
}

/** What is behind the `@`, if there is one. */
const domainOf = (text: string): string =>
  /@(?<domain>[^@]*)$/.exec(text)?.groups?.['domain'] ?? '';

/** RFC 5321 section 4.1.2: both spellings name the same mailbox. */
function withoutNeedlessQuotes(localPart: string): string {
  const content = QUOTED_STRING.exec(localPart)?.groups?.['content'];
  if (content === undefined) return localPart;
  const meant = content.replaceAll(/\\(.)/gu, '$1');
  return DOT_STRING.test(meant) ? meant : `"${meant.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

// Only letters and digits: `domainToASCII` would cut off anything after a slash, as in a URL.
const isInternational = (domain: string): boolean =>
  /^[\p{L}\p{M}\p{N}.-]*$/u.test(domain) && /[^\0-\x7f]/.test(domain);

/** What has no ASCII form stays as it is, and is not the domain of an e-mail then. */
const asciiDomain = (domain: string): string =>
  (isInternational(domain) && domainToASCII(domain)) || domain;

function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  const localPart = text.slice(0, Math.max(at, 0));
  return (
    Buffer.byteLength(text) <= MAX_LENGTH &&
    Buffer.byteLength(localPart) <= MAX_LOCAL_PART &&
    (DOT_STRING.test(localPart) || QUOTED_STRING.test(localPart)) &&
    !HIDDEN.test(localPart.replaceAll(' ', '')) &&
    DOMAIN.test(text.slice(at + 1))
  );
}
