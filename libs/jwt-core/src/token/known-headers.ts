const MAX_KNOWN = 8;

/**
 * The last few headers that a genuine token carried, with their `kid`: one key of an issuer signs
 * the same header bytes again and again. Only headers of tokens whose signature verified belong
 * here, so nobody but the issuer can fill it.
 */
export class KnownHeaders {
  private readonly kids = new Map<string, string>();

  /** The `kid` that reading this header would give. */
  kidOf(header: string): string | undefined {
    return this.kids.get(header);
  }

  remember(header: string, kid: string): void {
    if (this.kids.has(header)) return;
    if (this.kids.size === MAX_KNOWN) this.kids.clear();
    // A copy: a slice would keep the whole token alive.
    this.kids.set(Buffer.from(header, 'latin1').toString('latin1'), kid);
  }
}
