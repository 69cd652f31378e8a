import { Injectable } from '@nestjs/common';
import { createTransport } from 'nodemailer';

import { Config } from '../config.js';
import type { CompleteMail } from './mail-contents.js';

/** A mail server that takes longer for one mail has failed. */
export const SEND_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;

interface Envelope {
  readonly id: string;
  readonly createdAt: Date;
  readonly attempts: number;
}

/** Hands mail to the server of `SMTP_URL`. */
@Injectable()
export class MailTransport {
  private readonly transport;

  constructor(private readonly config: Config) {
    const { mailServer } = config;
    this.transport =
      mailServer &&
      createTransport({
        url: mailServer.url,
        ...(mailServer.requiresTls && { requireTLS: true }),
        connectionTimeout: CONNECT_TIMEOUT_MS,
        greetingTimeout: CONNECT_TIMEOUT_MS,
        socketTimeout: CONNECT_TIMEOUT_MS,
        disableFileAccess: true,
        disableUrlAccess: true,
      });
  }

  /** @throws Error if the server did not take the mail */
  async send(
    { id, createdAt, attempts }: Envelope,
    { recipient, ...mail }: CompleteMail,
  ): Promise<void> {
    const { transport, config } = this;
    if (!transport) throw new Error('SMTP_URL is not set');
    const host = new URL(config.issuer).hostname.replaceAll(/[[\]]/g, '');
    const sending = transport.sendMail({
      ...mail,
      from: config.mailFrom,
      // Not parsed: an address is one recipient, whatever characters it has.
      to: { name: '', address: recipient },
      date: createdAt,
      // Of each attempt: its link ends the one before, and mailboxes keep the first of two with the same id.
      messageId: `<${id}.${attempts}@${host}>`,
      // RFC 3834 section 5: no automatic answers to it.
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    await withinTime(sending, SEND_TIMEOUT_MS);
  }
}

/** A server that sends a byte now and then keeps every other time-out from ending. */
async function withinTime(work: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It took longer than ${limitMs} ms`)), limitMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
