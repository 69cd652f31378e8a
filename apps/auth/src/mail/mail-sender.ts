import { setTimeout as sleep } from 'node:timers/promises';

import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import { Clock } from '../clock.js';
import { Config } from '../config.js';
import { MailContents, type CompleteMail } from './mail-contents.js';
import { MailTransport, SEND_TIMEOUT_MS } from './mail-transport.js';
import type { OutgoingMail } from './outgoing-mail.entity.js';
import { OutgoingMailsRepository } from './outgoing-mails.repository.js';

const POLL_MS = 1_000;
/** Sent at once by one process. */
const BATCH = 5;
/** Longer than an attempt takes: the mail of a process that died is sent by another one after it. */
const BUSY_MS = 2 * SEND_TIMEOUT_MS;
/** Before the second attempt. It doubles for each further one. */
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** A mail that could not be sent for so long is given up. */
const GIVE_UP_MS = 86_400_000;
const STOP_WAIT_MS = 3_000;

/**
 * Sends what is in the outbox, in each process. A mail is sent at least once: if a process dies between
 * the mail server's answer and the removal of the mail, another one sends it again, as another message.
 */
@Injectable()
export class MailSender implements OnApplicationBootstrap, OnModuleDestroy {
  /** What became of attempts. `dead`: given up. */
  readonly outcomes = { sent: 0, failed: 0, dead: 0 };
  private readonly logger = new Logger(MailSender.name);
  private readonly stopped = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly mails: OutgoingMailsRepository,
    private readonly contents: MailContents,
    private readonly transport: MailTransport,
    private readonly audit: AuditService,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.mailServer) this.running = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped.abort();
    await Promise.race([this.running, sleep(STOP_WAIT_MS, undefined, { ref: false })]);
  }

  /** Tries every mail whose turn it is, once. */
  async sendDue(): Promise<void> {
    const { manager } = this.dataSource;
    for (;;) {
      const now = await this.clock.database(manager);
      const busyUntil = new Date(+now + BUSY_MS);
      const mails = await this.mails.claim(manager, { now, busyUntil, count: BATCH });
      // The others are waited for: else the next batch would begin, or the process stop, beside them.
      const attempts = await Promise.allSettled(mails.map((mail) => this.attempt(mail)));
      const failed = attempts.find((attempt) => attempt.status === 'rejected');
      if (failed) throw failed.reason;
      if (mails.length < BATCH || this.stopped.signal.aborted) return;
    }
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    let isFailing = false;
    while (!signal.aborted) {
      try {
        await this.sendDue();
        isFailing = false;
      } catch (error) {
        if (!isFailing) this.logger.warn('Could not read the outbox. It is tried again', error);
        isFailing = true;
      }
      await sleep(POLL_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  private async attempt(mail: OutgoingMail): Promise<void> {
    let content: CompleteMail | undefined;
    try {
      content = await this.contents.of(mail);
    } catch (error) {
      return this.follow(mail, { error });
    }
    try {
      if (content) await this.transport.send(mail, content);
    } catch (error) {
      // Not its text: the answer of a mail server may repeat the address.
      const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
      return this.follow(mail, { code, responseCode });
    }
    if (content) this.outcomes.sent += 1;
    await this.mails.remove(this.dataSource.manager, mail);
  }

  private async follow(mail: OutgoingMail, failure: object): Promise<void> {
    const now = await this.clock.database(this.dataSource.manager);
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (mail.attempts - 1), LONGEST_PAUSE_MS);
    const next = new Date(+now + pauseMs);
    const { id, template, attempts } = mail;
    const reason = { template, attempts, ...failure };
    if (+next - +mail.createdAt < GIVE_UP_MS) {
      this.outcomes.failed += 1;
      this.logger.warn('Could not send a mail. It is tried again', { mailId: id, ...reason });
      await this.mails.postpone(mail, next);
      return;
    }
    this.outcomes.dead += 1;
    this.logger.error('Gave up a mail that could not be sent for a day', { mailId: id, ...reason });
    await this.dataSource.transaction(async (manager) => {
      await this.mails.remove(manager, mail);
      await this.audit.record(manager, {
        action: 'mail.undeliverable',
        actor: null,
        subject: mail.userId,
        detail: { template, attempts },
      });
    });
  }
}
