import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
import PostalMime from 'postal-mime';
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server';
import { until } from '../supervision/until.js';

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem }
  article { border: 1px solid #8888; border-radius: 6px; padding: 0 1rem; margin: 1rem 0 }
  pre { white-space: pre-wrap; overflow-wrap: anywhere }`;

/** The mails as a page. Their text alone is shown, never their markup: it may be anyone's. */
function mailboxPage(mails: readonly ReceivedMail[]): string {
  const shown = mails.map(
    ({ to, subject, text }) =>
      `<article><h2>${escape(subject)}</h2><p>to ${escape(to.join(', '))}</p><pre>${withLinks(text)}</pre></article>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mailbox</title>
<meta http-equiv="refresh" content="5"><style>${STYLE}</style></head><body><h1>Mailbox</h1>
<p>What auth has sent, the latest first. None of it was delivered.</p>
${shown.join('\n') || '<p>No mail yet.</p>'}</body></html>`;
}

function withLinks(text: string): string {
  return escape(text).replaceAll(/https?:\/\/[^\s<>"']+/g, (url) => `<a href="${url}">${url}</a>`);
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escape = (text: string) =>
  text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/** A mail that the mailbox has received. */
export interface ReceivedMail {
  id: number;
  from: string;
  to: string[];
  subject: string;
  text: string;
  html: string;
  /** All header fields, by their name in lower case. */
  headers: Record<string, string>;
}

export interface MailboxOptions {
  /** Default: any free one. One that is taken is replaced by a free one. */
  smtpPort?: number;
  pagePort?: number;
}

const HOST = '127.0.0.1';
const MAX_MAILS = 200;
const MAX_BYTES = 1_048_576;
const RECEIVE_WITHIN_MS = 20_000;

/**
 * A mail server for development: takes mail for everyone, delivers none of it, and shows the latest
 * on a page. Only for this machine, as mails have links in them that log someone in.
 */
export class Mailbox {
  /** The latest first. */
  readonly mails: ReceivedMail[] = [];
  /** Each mail is refused with this, while it is set. */
  refusal: Error | undefined;
  private received = 0;

  private constructor(
    private readonly smtp: SMTPServer,
    private readonly page: Server,
  ) {}

  static async start({ smtpPort = 0, pagePort = 0 }: MailboxOptions = {}): Promise<Mailbox> {
    const smtp = new SMTPServer({
      // Nothing leaves the machine.
      disabledCommands: ['STARTTLS'],
      authOptional: true,
      disableReverseLookup: true,
      onAuth: ({ username }, _session, done) => done(null, { user: username }),
      size: MAX_BYTES,
      logger: false,
      onData: (stream, { envelope }, done) => {
        const to = envelope.rcptTo.map(({ address }) => address);
        mailbox.receive(stream, to).then(() => done(), done);
      },
    });
    const page = createServer((request, response) => mailbox.answer(request, response));
    const mailbox = new Mailbox(smtp, page);
    // A client that hangs up is no concern of ours.
    smtp.on('error', () => undefined);
    await listen(smtp.server, smtpPort);
    await listen(page, pagePort);
    return mailbox;
  }

  /** For `SMTP_URL`. */
  get smtpUrl(): string {
    return `smtp://${HOST}:${portOf(this.smtp.server)}`;
  }

  /** Where a browser sees the mails; `/messages` has them as JSON. */
  get pageUrl(): string {
    return `http://localhost:${portOf(this.page)}`;
  }

  /** Waits for a mail to this address whose subject contains this, and takes it out. */
  async take(to: string, subject = ''): Promise<ReceivedMail> {
    const find = () =>
      this.mails.find((mail) => mail.to.includes(to) && mail.subject.includes(subject));
    const mail = await until(find, { withinMs: RECEIVE_WITHIN_MS, everyMs: 20 });
    if (!mail) {
      const subjects = this.mails.map((each) => `${each.to.join()}: ${each.subject}`);
      throw new Error(`No mail to ${to} about "${subject}", only ${subjects.join('; ') || 'none'}`);
    }
    this.mails.splice(this.mails.indexOf(mail), 1);
    return mail;
  }

  async stop(): Promise<void> {
    this.page.closeAllConnections();
    await Promise.all([
      new Promise<void>((resolve) => this.smtp.close(resolve)),
      new Promise<unknown>((resolve) => this.page.close(resolve)),
    ]);
  }

  private async receive(stream: SMTPServerDataStream, to: string[]): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    if (this.refusal) throw this.refusal;
    if (stream.sizeExceeded) throw new Error(`The mail is larger than ${MAX_BYTES} bytes`);
    const mail = await PostalMime.parse(Buffer.concat(chunks));
    this.received += 1;
    this.mails.unshift({
      id: this.received,
      from: mail.from?.address ?? '',
      to,
      subject: mail.subject ?? '',
      text: mail.text ?? '',
      html: mail.html ?? '',
      headers: Object.fromEntries(mail.headers.map(({ key, value }) => [key, value])),
    });
    this.mails.length = Math.min(this.mails.length, MAX_MAILS);
  }

  private answer({ method, url, headers }: IncomingMessage, response: ServerResponse): void {
    const send = (status: number, type: string, body: string) =>
      response
        .writeHead(status, {
          'content-type': `${type}; charset=utf-8`,
          'cache-control': 'no-store',
          'content-security-policy':
            "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'",
          'x-content-type-options': 'nosniff',
        })
        .end(body);
    // A page elsewhere whose name leads to this machine must not read the links (DNS rebinding).
    const isHere = /^(localhost|127\.0\.0\.1)(:\d+)?$/i.test(headers.host ?? '');
    if (!isHere) return void send(403, 'text/plain', 'Not for you');
    if (method !== 'GET') return void send(405, 'text/plain', 'Only GET');
    if (url === '/messages') return void send(200, 'application/json', JSON.stringify(this.mails));
    if (url === '/') return void send(200, 'text/html', mailboxPage(this.mails));
    send(404, 'text/plain', 'There is only / and /messages');
  }
}

const portOf = (server: NetServer): number => (server.address() as AddressInfo).port;

function listen(server: NetServer, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' && port !== 0) listen(server, 0).then(resolve, reject);
      else reject(error);
    });
    server.listen({ port, host: HOST }, resolve);
  });
}
