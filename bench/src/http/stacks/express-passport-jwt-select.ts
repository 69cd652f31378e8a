import { Injectable, UnauthorizedException } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm';
import { Entity, PrimaryColumn, type Repository } from 'typeorm';
import { type JwtPayload, PASSPORT_JWT, PassportJwtStrategy } from './passport-jwt.strategy.js';
import { ordersBehind, type ServerSettings, type Stack, StackModule } from './stack.js';

@Entity('revoked_token')
class RevokedToken {
  @PrimaryColumn('text')
  jti!: string;
}

/** As the tutorials make a JWT revocable: by asking the database each time. */
@Injectable()
class AskingStrategy extends PassportJwtStrategy {
  constructor(
    settings: ServerSettings,
    private readonly revoked: Repository<RevokedToken>,
  ) {
    super(settings);
  }

  override async validate(payload: JwtPayload): Promise<unknown> {
    if (await this.revoked.existsBy({ jti: payload.jti })) throw new UnauthorizedException();
    return super.validate(payload);
  }
}

export const stack: Stack = {
  platform: 'express',
  moduleFor: (settings) => ({
    module: StackModule,
    imports: [
      TypeOrmModule.forRoot({
        type: 'postgres',
        url: settings.databaseUrl,
        entities: [RevokedToken],
      }),
      TypeOrmModule.forFeature([RevokedToken]),
    ],
    providers: [
      {
        provide: AskingStrategy,
        inject: [getRepositoryToken(RevokedToken)],
        useFactory: (revoked: Repository<RevokedToken>) => new AskingStrategy(settings, revoked),
      },
    ],
    controllers: [ordersBehind(AuthGuard(PASSPORT_JWT))],
  }),
};
