import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';

import { KeyLife } from './key-life.js';
import { KeyRing } from './key-ring.js';

const EVERY_MS = 500;

/**
 * Follows what other processes do to the signing keys, within a second, and rotates them when it is
 * time. While the database is away the keys at hand stay.
 */
@Injectable()
export class KeyWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(KeyWatch.name);
  private timer: NodeJS.Timeout | undefined;
  private isFailing = false;
  private isLooking = false;

  constructor(
    private readonly keyRing: KeyRing,
    private readonly keyLife: KeyLife,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.look(), EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      await this.keyRing.reload();
      await this.keyLife.rotateIfDue();
      if (this.isFailing) this.logger.log('The signing keys can be read again');
      this.isFailing = false;
    } catch (error) {
      // Once for each outage, not twice a second.
      if (!this.isFailing) this.logger.warn('The signing keys cannot be followed', error);
      this.isFailing = true;
    } finally {
      this.isLooking = false;
    }
  }
}
