import { domainToASCII } from 'node:url';

import { z } from 'zod';

// RFC 5321 section 4.1.2: an unquoted local part, and a domain with at least one dot.
const LOCAL_PART = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DOMAIN = new RegExp(`^(?:${LABEL}\\.)+(?!\\d+$)${LABEL}$`, 'i');

/** RFC 5321 sections 4.5.3.1.1 and 4.5.3.1.3. */
const MAX_LOCAL_PART = 64;
const MAX_LENGTH = 254;

/**
 * An e-mail address (RFC 5321), without white space around it. The domain may be written in any
 * script and is kept in its ASCII form (IDNA), so that an account has one spelling of it. Refused:
 * quoted local parts, which that RFC itself advises against, address literals (`ada@[192.0.2.1]`),
 * and local parts beyond ASCII, for which every mail server on the way would need SMTPUTF8.
 */
export const Email = z
  .string()
  .overwrite(withAsciiDomain)
  .refine(isEmail, 'is not an e-mail address')
  .meta({ format: 'email', maxLength: MAX_LENGTH });

/** The first characters of an e-mail, or all of it: for a search. */
export const EmailPrefix = z
  .string()
  .min(1)
  .max(MAX_LENGTH)
  .regex(/^[^\p{Cc}\p{Surrogate}]*$/u, 'expected no control characters')
  .overwrite(withAsciiDomain)
  .meta({ description: 'The beginning of an e-mail, without regard to case' });

/** E-mails that differ in case only are one account, whatever the database's locale is. */
export const emailKey = (email: string): string => email.toLowerCase();

function withAsciiDomain(text: string): string {
  const email = text.trim();
  const at = email.lastIndexOf('@');
  const domain = email.slice(at + 1);
  // Only letters and digits: `domainToASCII` would cut off anything after a slash, as in a URL.
  const isInternational = /^[\p{L}\p{M}\p{N}.-]*$/u.test(domain) && /[^\0-\x7f]/.test(domain);
  return isInternational ? email.slice(0, at + 1) + domainToASCII(domain) : email;
}

function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  const localPart = text.slice(0, Math.max(at, 0));
  return (
    text.length <= MAX_LENGTH &&
    localPart.length <= MAX_LOCAL_PART &&
    LOCAL_PART.test(localPart) &&
    DOMAIN.test(text.slice(at + 1))
  );
}
