import { Injectable, type OnModuleInit } from '@nestjs/common';

import { exportedOf, UserExports, type ExportedColumns } from '../users/user-exports.js';
import type { Factor } from './factor.entity.js';
import { FactorsRepository } from './factors.repository.js';

const COLUMNS = {
  id: true,
  userId: 'not: of the account',
  kind: true,
  name: true,
  createdAt: true,
  lastUsedAt: true,
  secret: 'not: proves the factor',
  lastStep: 'not: only says which codes are used up',
} as const satisfies ExportedColumns<Factor>;

/** The second factors of an account, without what proves them. */
@Injectable()
export class FactorExports implements OnModuleInit {
  constructor(
    private readonly exports: UserExports,
    private readonly factors: FactorsRepository,
  ) {}

  onModuleInit(): void {
    this.exports.add('factors', async ({ id }) =>
      (await this.factors.list(id)).map((factor) => exportedOf(factor, COLUMNS)),
    );
  }
}
