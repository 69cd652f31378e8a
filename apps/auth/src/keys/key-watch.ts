import { PostgresRevocationSource } from '@jwt-auth/jwt-core/postgres';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';

import { DatabaseNotifications } from '../events/database-notifications.js';
import { KeyRotationService } from './key-rotation.service.js';
import { KeyRing } from './key-ring.js';
import { KeysError } from './keys.errors.js';
import { KEYS_CHANNEL } from './keys.repository.js';

const EVERY_MS = 500;

/**
 * Follows what other processes do to the signing keys: at once when the database notifies it, and
 * twice a second, as notifications can be lost. Rotates the keys when it is time. While the database
 * is away the present keys stay.
 */
@Injectable()
export class KeyWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(KeyWatch.name);
  private timer: NodeJS.Timeout | undefined;
  private isFailing = false;
  private isRotationRefused = false;
  private signsWith: string | undefined;
  private looking: Promise<void> | undefined;

  constructor(
    private readonly keyRing: KeyRing,
    private readonly keyRotation: KeyRotationService,
    private readonly feed: PostgresRevocationSource,
    notifications: DatabaseNotifications,
  ) {
    notifications.on(KEYS_CHANNEL, () => this.noteChange());
  }

  onApplicationBootstrap(): void {
    const announce = (): void => this.feed.announceKeySet(this.keyRing.fingerprint);
    this.keyRing.onChange(announce);
    announce();
    this.timer = setInterval(() => {
      this.looking ??= this.look().finally(() => (this.looking = undefined));
    }, EVERY_MS).unref();
  }

  /** A rotation under way is finished while there still is a database. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    await this.looking;
  }

  private noteChange(): void {
    if (this.timer === undefined) return;
    // The next look says why, if it fails as well.
    this.keyRing.reload().catch(() => undefined);
  }

  private async look(): Promise<void> {
    try {
      await this.keyRing.reload();
      await this.rotate();
      this.noteActive();
      if (this.isFailing) this.logger.log('The signing keys can be read again');
      this.isFailing = false;
    } catch (error) {
      // Once for each outage, not twice a second.
      if (!this.isFailing) this.logger.warn('The signing keys cannot be followed', error);
      this.isFailing = true;
    }
  }

  private async rotate(): Promise<void> {
    try {
      await this.keyRotation.rotateIfDue();
      this.isRotationRefused = false;
    } catch (error) {
      // It is no outage, of which the log would then say nothing more.
      if (!(error instanceof KeysError)) throw error;
      if (!this.isRotationRefused) this.logger.warn('The signing keys cannot be rotated', error);
      this.isRotationRefused = true;
    }
  }

  /** Once for each key. */
  private noteActive(): void {
    const { kid } = this.keyRing.active;
    if (kid === this.signsWith) return;
    this.signsWith = kid;
    this.logger.log(`Tokens are signed with the key ${kid}`);
  }
}
