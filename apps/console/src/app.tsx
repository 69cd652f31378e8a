import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';

import { AccessPage } from './access/access-page.js';
import { AccountPage } from './account/account-page.js';
import { Announcements } from './announcements.js';
import { connection } from './api/connection.js';
import { isAdmin, MeContext, type Me } from './api/me.js';
import { useQuery } from './api/use-query.js';
import { logout, sessionState, userId } from './api/use-session.js';
import { AuditPage } from './audit/audit-page.js';
import { ClientsPage } from './clients/clients-page.js';
import { FactorsPage } from './factors/factors-page.js';
import { HealthPage } from './health/health-page.js';
import { KeysPage } from './keys/keys-page.js';
import { ConfirmIdentity } from './login/confirm-identity.js';
import { LoginAgain, LoginPage } from './login/login.js';
import { RevocationsPage } from './revocations/revocations-page.js';
import { go, href, partsOf, route } from './routing/route.js';
import { SessionsPage } from './sessions/sessions-page.js';
import { useStore } from './store.js';
import { texts } from './texts.js';
import { TokenPage } from './token/token-page.js';
import { Button, Failure } from './ui/controls.js';
import { Page } from './ui/page.js';
import { UsersPage } from './users/users-page.js';

interface PageEntry {
  /** @param id what follows the name in the path */
  readonly component: ComponentType<{ readonly id?: string | undefined }>;
  readonly isForAdmins: boolean;
}

const page = (component: PageEntry['component']): PageEntry => ({ component, isForAdmins: false });
const forAdmins = (component: PageEntry['component']) => ({ component, isForAdmins: true });

/** In the order of the menu. */
const PAGES = {
  token: page(TokenPage),
  account: page(AccountPage),
  sessions: page(SessionsPage),
  factors: page(FactorsPage),
  users: forAdmins(UsersPage),
  clients: forAdmins(ClientsPage),
  access: forAdmins(AccessPage),
  audit: forAdmins(AuditPage),
  keys: forAdmins(KeysPage),
  revocations: forAdmins(RevocationsPage),
  health: forAdmins(HealthPage),
};
type PageName = keyof typeof PAGES;

export function App() {
  const state = useStore(sessionState);
  const { isAway } = useStore(connection);
  const user = useStore(userId);
  const { data, error } = useQuery<Me>(state === 'none' ? undefined : 'auth/me');
  // Until auth has answered again, it may be about the previous user.
  const me = data?.id === user ? data : undefined;
  return (
    <>
      <div role="alert">{isAway && <p class="away">{texts.away}</p>}</div>
      {state === 'none' || (state === 'ended' && !me) ? (
        // No page is open that could be kept: the end of the session is the same as a logout.
        <LoginPage />
      ) : me ? (
        // Another user starts with new pages.
        <MeContext.Provider key={me.id} value={me}>
          <Shell me={me} />
          {state === 'ended' ? <LoginAgain email={me.email} /> : <ConfirmIdentity />}
        </MeContext.Provider>
      ) : (
        <main class="login">
          <Failure error={error} />
          {error ? (
            <Button onClick={() => void logout()}>{texts.logout}</Button>
          ) : (
            <p>{texts.loading}</p>
          )}
        </main>
      )}
      <Announcements />
    </>
  );
}

function Shell({ me }: { readonly me: Me }) {
  const [first = '', second] = partsOf(useStore(route));
  const visible = (Object.keys(PAGES) as PageName[]).filter(
    (name) => isAdmin(me) || !PAGES[name].isForAdmins,
  );
  const current = visible.find((name) => name === first);
  useEffect(() => {
    // Else the back button would lead here, and from here to the same page again.
    if (first === '') go('token', 'replace');
  }, [first]);
  const { component: Content } = PAGES[current ?? 'token'];
  return (
    <div class="shell">
      <a class="skip" href="#main">
        {texts.skip}
      </a>
      <header class="head">
        <strong>{texts.name}</strong>
        <span class="who">{me.email}</span>
        <Button onClick={() => void logout()}>{texts.logout}</Button>
      </header>
      <nav aria-label={texts.pages}>
        <ul>
          {visible.map((name) => (
            <li key={name}>
              <a href={href(name)} aria-current={name === current ? 'page' : undefined}>
                {texts[name].title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <main id="main" tabIndex={-1}>
        {current || first === '' ? (
          <Content key={current ?? 'token'} id={second} />
        ) : (
          <Page {...texts.unknownPage} />
        )}
      </main>
    </div>
  );
}
