import { Injectable } from '@nestjs/common';

type Handler = (payload: string) => void;

/**
 * Notifications of Postgres for other features: they come through the connection on which the feed
 * listens. They can be lost while it is lost.
 */
@Injectable()
export class DatabaseNotifications {
  readonly handlers: Record<string, Handler> = {};

  /**
   * Calls the handler with each payload. To be called by constructors: later, nothing may listen.
   *
   * @throws Error if the channel has a handler
   */
  on(channel: string, handler: Handler): void {
    if (Object.hasOwn(this.handlers, channel)) throw new Error(`${channel} has a handler already`);
    this.handlers[channel] = handler;
  }
}
