import {
  databaseOptions,
  openDatabase,
  type DatabaseLimits,
  type DatabaseOptions,
  type OpenOptions,
} from '@jwt-auth/chassis';
import { REVOKED_TOKENS_MIGRATIONS, RevokedToken } from '@jwt-auth/jwt-core/postgres';
import type { DataSource } from 'typeorm';

import { Resource, Role } from '../access/access.entity.js';
import { AccountLink } from '../accounts/account-link.entity.js';
import { AuditEvent } from '../audit/audit-event.entity.js';
import { Client, ClientSecret } from '../clients/client.entity.js';
import type { Config } from '../config.js';
import {
  Factor,
  Passkey,
  PasskeyChallenge,
  RecoveryCode,
  TotpEnrolment,
} from '../factors/factor.entity.js';
import { SigningKey } from '../keys/signing-key.entity.js';
import { OutgoingMail } from '../mail/outgoing-mail.entity.js';
import { LoginTicket } from '../sessions/login-ticket.entity.js';
import { RefreshToken, Session } from '../sessions/session.entity.js';
import { ReferenceToken } from '../tokens/reference-token.entity.js';
import { LoginLimit } from '../users/login-limit.entity.js';
import { KnownNetwork, User } from '../users/user.entity.js';
import { CreateUsers1763900000001 } from './migrations/1763900000001-create-users.js';
import { CreateSessions1763900000002 } from './migrations/1763900000002-create-sessions.js';
import { CreateSigningKeys1763900000003 } from './migrations/1763900000003-create-signing-keys.js';
import { CreateLoginLimits1763900000004 } from './migrations/1763900000004-create-login-limits.js';
import { CreateAuditEvents1763900000005 } from './migrations/1763900000005-create-audit-events.js';
import { CreateClients1763900000010 } from './migrations/1763900000010-create-clients.js';
import { AddClientAudiences1763900000021 } from './migrations/1763900000021-add-client-audiences.js';
import { CreateReferenceTokens1763900000020 } from './migrations/1763900000020-create-reference-tokens.js';
import { CompleteEarlySchemas1764000000200 } from './migrations/1764000000200-complete-early-schemas.js';
import { IndexRefreshTokensByExpiry1764000000201 } from './migrations/1764000000201-index-refresh-tokens-by-expiry.js';
import { KeepClientDisabledAt1764000000202 } from './migrations/1764000000202-keep-client-disabled-at.js';
import { IndexEndedSessions1764000000300 } from './migrations/1764000000300-index-ended-sessions.js';
import { IndexSealedAnswers1764000000301 } from './migrations/1764000000301-index-sealed-answers.js';
import { IndexOpenSessions1764000000302 } from './migrations/1764000000302-index-open-sessions.js';
import { CountAttempts1764000000401 } from './migrations/1764000000401-count-attempts.js';
import { CreateAccessModel1764000000500 } from './migrations/1764000000500-create-access-model.js';
import { KeepAudienceAndScopes1764000000501 } from './migrations/1764000000501-keep-audience-and-scopes.js';
import { CreateFeedFollowers1764000000710 } from './migrations/1764000000710-create-feed-followers.js';
import { IndexLiveAccessTokens1764000000502 } from './migrations/1764000000502-index-live-access-tokens.js';
import { CreateOutgoingMails1764000000700 } from './migrations/1764000000700-create-outgoing-mails.js';
import { IndexForAdministration1764000000720 } from './migrations/1764000000720-index-for-administration.js';
import { VerifyEmails1764000000730 } from './migrations/1764000000730-verify-emails.js';
import { ExpireAuditEvents1764000000760 } from './migrations/1764000000760-expire-audit-events.js';
import { IndexAuditEventsByTime1764000000761 } from './migrations/1764000000761-index-audit-events-by-time.js';
import { KeepAuthentication1764000000770 } from './migrations/1764000000770-keep-authentication.js';
import { DeleteAccountsLater1764000000780 } from './migrations/1764000000780-delete-accounts-later.js';
import { CreateFactors1764000000800 } from './migrations/1764000000800-create-factors.js';
import { RequireFactors1764000000801 } from './migrations/1764000000801-require-factors.js';
import { CreatePasskeys1764000000810 } from './migrations/1764000000810-create-passkeys.js';
import { ForgetRemovedUsers1764000000820 } from './migrations/1764000000820-forget-removed-users.js';
import { ExpireUnverifiedUsers1764000000900 } from './migrations/1764000000900-expire-unverified-users.js';
import { KeepFollowerPositions1764000000910 } from './migrations/1764000000910-keep-follower-positions.js';

/** The database of the auth app: the one set of options. */
export function authDatabase(url: string, limits?: Partial<DatabaseLimits>): DatabaseOptions {
  return databaseOptions({
    url,
    limits,
    applicationName: 'auth',
    entities: [
      User,
      Session,
      RefreshToken,
      SigningKey,
      AuditEvent,
      RevokedToken,
      Client,
      ClientSecret,
      ReferenceToken,
      KnownNetwork,
      LoginLimit,
      Resource,
      Role,
      OutgoingMail,
      AccountLink,
      Factor,
      TotpEnrolment,
      RecoveryCode,
      LoginTicket,
      Passkey,
      PasskeyChallenge,
    ],
    migrations: [
      ...REVOKED_TOKENS_MIGRATIONS,
      CreateUsers1763900000001,
      CreateSessions1763900000002,
      CreateSigningKeys1763900000003,
      CreateLoginLimits1763900000004,
      CreateAuditEvents1763900000005,
      CreateClients1763900000010,
      CreateReferenceTokens1763900000020,
      AddClientAudiences1763900000021,
      CompleteEarlySchemas1764000000200,
      IndexRefreshTokensByExpiry1764000000201,
      KeepClientDisabledAt1764000000202,
      IndexEndedSessions1764000000300,
      IndexSealedAnswers1764000000301,
      IndexOpenSessions1764000000302,
      CountAttempts1764000000401,
      CreateAccessModel1764000000500,
      KeepAudienceAndScopes1764000000501,
      IndexLiveAccessTokens1764000000502,
      CreateOutgoingMails1764000000700,
      CreateFeedFollowers1764000000710,
      IndexForAdministration1764000000720,
      VerifyEmails1764000000730,
      ExpireAuditEvents1764000000760,
      IndexAuditEventsByTime1764000000761,
      KeepAuthentication1764000000770,
      DeleteAccountsLater1764000000780,
      CreateFactors1764000000800,
      RequireFactors1764000000801,
      CreatePasskeys1764000000810,
      ForgetRemovedUsers1764000000820,
      ExpireUnverifiedUsers1764000000900,
      KeepFollowerPositions1764000000910,
    ],
  });
}

/** With these tables the role of the app may do less than read and write. */
const TABLES = {
  migrations: 'SELECT',
  // Only old ones can be removed: a trigger enforces it.
  audit_events: 'SELECT, INSERT, DELETE',
  audit_retention: 'SELECT',
};

/** Opens the database as the settings say: migrates it, or waits until that is done. */
export function openAuthDatabase(
  { databaseUrl, databaseLimits, migrations, databaseAppRole }: Config,
  options: OpenOptions = {},
): Promise<DataSource> {
  return openDatabase(authDatabase(databaseUrl, databaseLimits), {
    migrations,
    appRole: databaseAppRole === undefined ? undefined : { role: databaseAppRole, tables: TABLES },
    ...options,
  });
}
