import { Module } from '@nestjs/common';

import { KeyLifeModule } from '../keys/key-life.module.js';
import { KeysController } from './keys.controller.js';

@Module({
  imports: [KeyLifeModule],
  controllers: [KeysController],
})
export class AdminModule {}
