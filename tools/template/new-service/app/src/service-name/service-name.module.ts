import { Module } from '@nestjs/common';

import { ServiceNameController } from './service-name.controller.js';
import { ServiceNameRepository } from './service-name.repository.js';
import { ServiceNameService } from './service-name.service.js';

@Module({
  controllers: [ServiceNameController],
  providers: [ServiceNameService, ServiceNameRepository],
})
export class ServiceNameModule {}
