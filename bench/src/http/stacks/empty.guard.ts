import { type CanActivate, Injectable } from '@nestjs/common';

/** What a guard costs that asks nothing. */
@Injectable()
export class EmptyGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}
