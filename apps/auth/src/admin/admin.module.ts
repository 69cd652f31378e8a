import { Module } from '@nestjs/common';

import { ClientsModule } from '../clients/clients.module.js';
import { KeyLifeModule } from '../keys/key-life.module.js';
import { ClientsController } from './clients.controller.js';
import { KeysController } from './keys.controller.js';

@Module({
  imports: [ClientsModule, KeyLifeModule],
  controllers: [ClientsController, KeysController],
})
export class AdminModule {}
