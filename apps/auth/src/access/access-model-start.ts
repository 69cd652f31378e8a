import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { AuditService } from '../audit/audit.service.js';
import { Config, type AccessModelFile } from '../config.js';
import { holdAdministration } from './access-locks.js';
import { AccessRepository } from './access.repository.js';
import { ADMIN_ROLE, ADMIN_SCOPE, USER_ROLE } from '../built-in-access.js';

/** The resource that a migration filled without knowing the setting `AUDIENCE`. */
const UNNAMED_AUDIENCE = '';

/**
 * Fills resources and roles at the first start on a database: from the file `ACCESS_MODEL`, else in
 * development with what the example service needs, else with the roles that auth itself needs. Of
 * several processes that start at once, one does it. Later starts change nothing: from then on
 * administrators do.
 */
@Injectable()
export class AccessModelStart implements OnModuleInit {
  private readonly logger = new Logger(AccessModelStart.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: AccessRepository,
    private readonly audit: AuditService,
    private readonly config: Config,
  ) {}

  /** Before other modules read scopes: Nest begins with the modules that others import. */
  async onModuleInit(): Promise<void> {
    const isFilled = await this.repository.isFilled(this.dataSource.manager);
    if (isFilled) await this.nameAudience();
    else if (await this.fill()) return;
    if (this.config.accessModel.source !== 'ACCESS_MODEL') return;
    this.logger.log('ACCESS_MODEL is not taken in again: this database has resources and roles');
  }

  /** @returns whether this process did it */
  private fill(): Promise<boolean> {
    const { source, model } = this.config.accessModel;
    return this.dataSource.transaction(async (manager) => {
      await holdAdministration(manager);
      if (await this.repository.isFilled(manager)) return false;
      const roles = completeRoles(model.roles);
      for (const { audience = this.config.audience, scopes } of model.resources) {
        await this.repository.saveResource(manager, { audience, scopes });
      }
      for (const { requiresMfa = false, ...role } of roles) {
        await this.repository.saveRole(manager, { ...role, requiresMfa });
      }
      await this.audit.record(manager, {
        action: 'access_model.filled',
        actor: null,
        subject: null,
        detail: { source, resources: model.resources.length, roles: roles.length },
      });
      this.logger.log('Filled resources and roles', { source });
      return true;
    });
  }

  private async nameAudience(): Promise<void> {
    const { audience } = this.config;
    const find = (manager: EntityManager) =>
      this.repository.findResource(manager, UNNAMED_AUDIENCE);
    if (!(await find(this.dataSource.manager))) return;
    await this.dataSource.transaction(async (manager) => {
      await holdAdministration(manager);
      const unnamed = await find(manager);
      if (!unnamed) return;
      const { scopes = [] } = (await this.repository.findResource(manager, audience)) ?? {};
      const others = unnamed.scopes.filter(({ name }) => !scopes.some((had) => had.name === name));
      await this.repository.saveResource(manager, { audience, scopes: [...scopes, ...others] });
      await this.repository.deleteResource(manager, UNNAMED_AUDIENCE);
    });
  }
}

/** With the roles that auth itself needs, if the model does not have them. */
function completeRoles(roles: AccessModelFile['roles']): AccessModelFile['roles'] {
  const needed = [
    { name: USER_ROLE, scopes: [] },
    { name: ADMIN_ROLE, scopes: [ADMIN_SCOPE] },
  ];
  const missing = needed.filter(({ name }) => !roles.some((role) => role.name === name));
  return [...roles, ...missing];
}
