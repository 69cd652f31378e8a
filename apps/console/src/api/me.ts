import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

/** Who is logged in, as `GET /auth/me` says. */
export interface Me {
  readonly id: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly sessionId: string;
  /** Whether they have proved to read what is sent to the e-mail. */
  readonly emailVerified: boolean;
}

export const MeContext = createContext<Me | undefined>(undefined);

/** @throws Error outside of the pages */
export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error('Nobody is logged in');
  return me;
}

export const isAdmin = ({ roles }: Me) => roles.includes('admin');
