import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { CurrentPrincipal, JwtCoreModule, JwtGuard, type Principal } from '@jwt-auth/jwt-core';

@Controller()
@UseGuards(JwtGuard)
class AppController {
  @Get('me')
  me(@CurrentPrincipal() caller: Principal) {
    return { subject: caller.subject };
  }
}

@Module({
  imports: [JwtCoreModule.forRoot({ issuer: process.env['ISSUER']!, audience: 'api' })],
  controllers: [AppController],
})
export class AppModule {}
