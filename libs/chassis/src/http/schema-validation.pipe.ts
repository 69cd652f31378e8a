import { Injectable, StandardSchemaValidationPipe } from '@nestjs/common';

/**
 * Holds inputs against their schemas, and leaves them whole before that: Nest's own pipe removes
 * members named `constructor` in silence, where a schema should refuse or keep them. `__proto__` does
 * not come this far: the parser of bodies refuses it.
 */
@Injectable()
export class SchemaValidationPipe extends StandardSchemaValidationPipe {
  protected override stripProtoKeys(): void {
    // Nothing is taken away.
  }
}
