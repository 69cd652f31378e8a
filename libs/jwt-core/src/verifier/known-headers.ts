const MAX_KNOWN = 8;

/**
 * The last few headers that a genuine token carried, with their `kid`: one key of an issuer signs
 * the same header bytes again and again. Only headers of tokens whose signature verified belong
 * here, so nobody but the issuer can fill it.
 */
export class KnownHeaders {
  private known: { readonly header: string; readonly kid: string }[] = [];

  /** The `kid` that reading this header would give. */
  kidOf(header: string): string | undefined {
    // One by one: there are two as a rule, and a map would hash each header first.
    for (const each of this.known) if (each.header === header) return each.kid;
    return undefined;
  }

  remember(header: string, kid: string): void {
    if (this.kidOf(header) !== undefined) return;
    if (this.known.length === MAX_KNOWN) this.known = [];
    // A copy: a slice would keep the whole token alive.
    this.known.push({ header: Buffer.from(header, 'latin1').toString('latin1'), kid });
  }
}
