import { useQuery } from '../api/use-query.js';
import { texts } from '../texts.js';
import { Badge } from '../ui/controls.js';
import { Card, Rows } from '../ui/page.js';
import { inMilliseconds } from '../ui/time.js';
import { Time } from '../ui/values.js';
import { keyOf, type Service } from './receipt.js';

const TONES = { fresh: 'good', stale: 'bad', blind: 'bad' } as const;

/** Who follows the feed, at any auth process. */
export function ServiceList() {
  const services = useQuery<Service[]>('admin/services', 3_000);
  return (
    <Card title={texts.revocations.services}>
      <Rows
        items={services.data}
        error={services.error}
        keyOf={keyOf}
        label={texts.revocations.services}
      >
        {(service) => (
          <>
            <p class="row-title">
              {service.service}{' '}
              <Badge tone={TONES[service.state]}>{texts.revocations.states[service.state]}</Badge>
            </p>
            <p class="hint">
              {service.instance}
              {service.version && ` · ${service.version}`}
              {service.lagMs !== null &&
                ` · ${texts.revocations.lag} ${inMilliseconds(service.lagMs)}`}
              {' · '}
              {texts.revocations.seen} <Time at={service.lastSeenAt} />
            </p>
          </>
        )}
      </Rows>
    </Card>
  );
}
