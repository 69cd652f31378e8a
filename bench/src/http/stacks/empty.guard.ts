import { type CanActivate, Injectable } from '@nestjs/common';

/** The cost of a guard that checks nothing. */
@Injectable()
export class EmptyGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}
