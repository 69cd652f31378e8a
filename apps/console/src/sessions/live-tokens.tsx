import { useQuery } from '../api/use-query.js';
import { texts } from '../texts.js';

/** Which live tokens an action revokes: those for which all of this is true. */
interface LiveTokensProps {
  readonly userId?: string;
  readonly sessionId?: string;
  readonly kid?: string;
  readonly role?: string;
  readonly audience?: string;
}

/**
 * How many live tokens the action of the dialog around it revokes. A key and an audience are also those of
 * tokens that clients get for themselves, which auth cannot count.
 */
export function LiveTokens(which: LiveTokensProps) {
  const query = new URLSearchParams({ ...which }).toString();
  const { data, error } = useQuery<{ count: number }>(`admin/tokens/live?${query}`);
  const counted = data ? texts.liveTokens(data.count) : texts.counting;
  const isOfClients = which.kid !== undefined || which.audience !== undefined;
  return (
    <>
      <p aria-live="polite">{error ? texts.liveTokensUnknown : counted}</p>
      {isOfClients && <p>{texts.liveTokensOfClients}</p>}
    </>
  );
}
