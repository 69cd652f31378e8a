import { Injectable, type OnModuleInit } from '@nestjs/common';

import { UserExports } from '../users/user-exports.js';
import { FactorsRepository } from './factors.repository.js';
import { factorAnswer } from './factors.schema.js';

/** The second factors of an account, without what proves them. */
@Injectable()
export class FactorExports implements OnModuleInit {
  constructor(
    private readonly exports: UserExports,
    private readonly factors: FactorsRepository,
  ) {}

  onModuleInit(): void {
    this.exports.add('factors', async ({ id }) =>
      (await this.factors.list(id)).map((factor) => factorAnswer(factor)),
    );
  }
}
