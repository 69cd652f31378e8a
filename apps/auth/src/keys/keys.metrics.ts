import { gauge, type MetricSource } from '@jwt-auth/chassis';

import type { KeyRing } from './key-ring.js';

export function keyMetrics(keys: KeyRing): MetricSource {
  return (registry) => {
    gauge(registry, { name: 'auth_published_keys', help: 'Keys in the JWKS' }, () => keys.size);
    gauge(
      registry,
      {
        name: 'auth_can_sign',
        help: '0: the active signing key cannot be decrypted, and no token is issued',
      },
      () => Number(keys.canSign),
    );
  };
}
