import { setting, type Setting } from './setting.js';

/** A secret key of exactly so many bytes, in base64 or base64url, with or without padding. */
export function base64Key(bytes: number): Setting<Buffer> {
  return setting(`${bytes} bytes in base64 (try: openssl rand -base64 ${bytes})`, (text) => {
    const key = Buffer.from(text, 'base64');
    const canonical = text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
    // Buffer skips what it does not understand: only a text that comes back whole was a key.
    const isWhole = key.toString('base64').replace(/=+$/, '') === canonical;
    return isWhole && key.length === bytes ? key : undefined;
  });
}
