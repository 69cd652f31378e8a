import { Public } from '@jwt-auth/jwt-core';
import { Controller, Get, Header, NotFoundException, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';

import { ACCOUNT_PAGE, ACCOUNT_PAGE_POLICY, ACCOUNT_PAGES } from './account-page.js';

/** Where the links of mails lead, unless `ACCOUNT_PAGES` names pages elsewhere. */
@ApiExcludeController()
@Controller('account')
@Public()
export class AccountPagesController {
  @Get(':page')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', ACCOUNT_PAGE_POLICY)
  @Header('referrer-policy', 'no-referrer')
  @Header('cache-control', 'no-store')
  show(@Param('page') page: string): string {
    if (!ACCOUNT_PAGES.includes(page)) throw new NotFoundException();
    return ACCOUNT_PAGE;
  }
}
