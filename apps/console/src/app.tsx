import { useEffect } from 'preact/hooks';

import { connection } from './api/connection.js';
import { useQuery } from './api/use-query.js';
import { PAGES, type PageName } from './pages.js';
import { go, href, partsOf, route } from './routing/route.js';
import { ConfirmIdentity } from './session/confirm-identity.js';
import { LoginAgain, LoginPage } from './session/login.js';
import { isAdmin, MeContext, type Me } from './session/me.js';
import { logout, sessionState } from './session/use-session.js';
import { useStore } from './store.js';
import { texts } from './texts.js';
import { Announcements } from './ui/announcements.js';
import { Button, Failure } from './ui/controls.js';
import { Page } from './ui/page.js';

export function App() {
  const state = useStore(sessionState);
  const { isAway } = useStore(connection);
  const me = useQuery<Me>(state === 'none' ? undefined : 'auth/me');
  return (
    <>
      <div role="alert">{isAway && <p class="away">{texts.away}</p>}</div>
      {state === 'none' || (state === 'ended' && !me.data) ? (
        // Without pages to keep, the end of a session is no other than a logout.
        <LoginPage />
      ) : me.data ? (
        // Another user starts with pages of their own.
        <MeContext.Provider key={me.data.id} value={me.data}>
          <Shell me={me.data} />
          {state === 'ended' ? <LoginAgain email={me.data.email} /> : <ConfirmIdentity />}
        </MeContext.Provider>
      ) : (
        <main class="login">
          <Failure error={me.error} />
          {me.error ? (
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
    // A page that leads on at once would lead on again when the user goes back.
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
