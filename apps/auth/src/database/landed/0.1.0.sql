CREATE TABLE "migrations" ("id" SERIAL NOT NULL, "timestamp" bigint NOT NULL, "name" character varying NOT NULL, CONSTRAINT "PK_8c82d7f526340ab734260ea46be" PRIMARY KEY ("id"));

CREATE FUNCTION revoked_tokens_xid(kind text, id text, exp bigint, before bigint)
RETURNS xid8 LANGUAGE plpgsql IMMUTABLE
AS $$ BEGIN RETURN pg_catalog.pg_current_xact_id(); END $$;

CREATE TABLE revoked_tokens (
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('jti', 'sid', 'client', 'kid')),
  id text COLLATE "C" NOT NULL CHECK (char_length(id) BETWEEN 1 AND 255),
  -- Seconds since the epoch, until the year 9999: milliseconds are refused.
  exp bigint NOT NULL CHECK (exp BETWEEN 0 AND 253402300799),
  before bigint CHECK (before BETWEEN 0 AND 253402300799),
  created_at timestamptz NOT NULL DEFAULT now(),
  xid xid8 NOT NULL
    GENERATED ALWAYS AS (revoked_tokens_xid(kind, id, exp, before)) STORED,
  PRIMARY KEY (kind, id),
  CHECK ((kind = 'client') = (before IS NOT NULL))
);

CREATE INDEX ON revoked_tokens (xid, kind, id);

CREATE INDEX ON revoked_tokens (exp);

CREATE FUNCTION revoked_tokens_notify() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN PERFORM pg_catalog.pg_notify('revoked_tokens', ''); RETURN NULL; END $$;

CREATE TRIGGER revoked_tokens_notify AFTER INSERT OR UPDATE ON revoked_tokens
FOR EACH STATEMENT EXECUTE FUNCTION revoked_tokens_notify();

INSERT INTO "migrations"("timestamp", "name") VALUES ('1763856000000', 'CreateRevokedTokens1763856000000');

CREATE TABLE users (
  id uuid PRIMARY KEY,
  email text NOT NULL,
  email_key text NOT NULL CONSTRAINT users_email_key UNIQUE,
  password_hash text NOT NULL,
  password_changed_at timestamptz NOT NULL,
  roles text[] NOT NULL,
  is_disabled boolean NOT NULL,
  claims jsonb NOT NULL CHECK (jsonb_typeof(claims) = 'object'),
  created_at timestamptz NOT NULL
);

CREATE INDEX users_created_at ON users (created_at, id);

INSERT INTO "migrations"("timestamp", "name") VALUES ('1763900000001', 'CreateUsers1763900000001');

CREATE TABLE sessions (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  requested_scope text,
  address text NOT NULL,
  user_agent text,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  end_reason text,
  CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);

CREATE INDEX sessions_of_user ON sessions (user_id, address);

CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
  hash bytea PRIMARY KEY CHECK (length(hash) = 32),
  session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
  predecessor bytea,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  replaced_at timestamptz,
  sealed_successor bytea,
  access_token_id uuid NOT NULL,
  access_token_expires_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX refresh_tokens_usable ON refresh_tokens (session_id)
WHERE replaced_at IS NULL;

CREATE INDEX refresh_tokens_of_session
ON refresh_tokens (session_id, access_token_expires_at);

CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

INSERT INTO "migrations"("timestamp", "name") VALUES ('1763900000002', 'CreateSessions1763900000002');

CREATE TABLE signing_keys (
  kid text PRIMARY KEY,
  state text NOT NULL CHECK (state IN ('next', 'active', 'retired', 'withdrawn')),
  public_key jsonb NOT NULL,
  private_key bytea,
  created_at timestamptz NOT NULL,
  activated_at timestamptz,
  retired_at timestamptz,
  CHECK ((private_key IS NOT NULL) = (state IN ('next', 'active')))
);

CREATE UNIQUE INDEX signing_keys_single ON signing_keys (state)
WHERE state IN ('next', 'active');

INSERT INTO "migrations"("timestamp", "name") VALUES ('1763900000003', 'CreateSigningKeys1763900000003');

CREATE TABLE login_limits (
  key text PRIMARY KEY,
  failures integer NOT NULL,
  blocked_until timestamptz,
  forgotten_at timestamptz NOT NULL
);

CREATE INDEX login_limits_forgotten_at ON login_limits (forgotten_at);

INSERT INTO "migrations"("timestamp", "name") VALUES ('1763900000004', 'CreateLoginLimits1763900000004');

CREATE TABLE audit_events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  action text NOT NULL,
  actor text,
  subject text,
  address text,
  request_id text,
  detail jsonb NOT NULL
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;

CREATE TRIGGER audit_events_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

INSERT INTO "migrations"("timestamp", "name") VALUES ('1763900000005', 'CreateAuditEvents1763900000005');

CREATE TABLE clients (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  grants text[] NOT NULL,
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL,
  disabled_at timestamptz
);

CREATE TABLE client_secrets (
  id uuid PRIMARY KEY,
  client_id uuid NOT NULL REFERENCES clients ON DELETE CASCADE,
  hash bytea NOT NULL CHECK (length(hash) = 32),
  created_at timestamptz NOT NULL
);

CREATE INDEX client_secrets_of_client ON client_secrets (client_id);

INSERT INTO "migrations"("timestamp", "name") VALUES ('1763900000010', 'CreateClients1763900000010');

CREATE TABLE reference_tokens (
  hash bytea PRIMARY KEY CHECK (length(hash) = 32),
  claims jsonb NOT NULL CHECK (jsonb_typeof(claims) = 'object'),
  expires_at timestamptz NOT NULL
);

CREATE INDEX reference_tokens_by_expiry ON reference_tokens (expires_at);

INSERT INTO "migrations"("timestamp", "name") VALUES ('1763900000020', 'CreateReferenceTokens1763900000020');

ALTER TABLE clients
ADD audiences text[] NOT NULL DEFAULT '{}',
ADD claims jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(claims) = 'object'),
ADD is_disabled boolean NOT NULL DEFAULT false,
ADD revoked_at timestamptz;

ALTER TABLE clients RENAME disabled_at TO deleted_at;

INSERT INTO "migrations"("timestamp", "name") VALUES ('1763900000021', 'AddClientAudiences1763900000021');

ALTER TABLE revoked_tokens ADD token_version bigint;

CREATE SEQUENCE token_versions OWNED BY revoked_tokens.token_version;

CREATE FUNCTION revoked_tokens_set_version() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN NEW.token_version := nextval('token_versions'); RETURN NEW; END $$;

CREATE TRIGGER revoked_tokens_set_version BEFORE INSERT OR UPDATE ON revoked_tokens
FOR EACH ROW WHEN (NEW.kind = 'client') EXECUTE FUNCTION revoked_tokens_set_version();

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000100', 'AddTokenVersion1764000000100');

CREATE TABLE revoked_tokens_cursor_secret (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  secret bytea NOT NULL CHECK (length(secret) >= 32)
);

INSERT INTO revoked_tokens_cursor_secret (secret)
VALUES (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000101', 'AddCursorSecret1764000000101');

DO $$ BEGIN
  IF EXISTS (
    SELECT FROM pg_constraint
    WHERE conrelid = 'signing_keys'::regclass AND conname = 'signing_keys_check'
  ) THEN RETURN; END IF;
  ALTER TABLE signing_keys ALTER private_key DROP NOT NULL;
  UPDATE signing_keys SET private_key = NULL WHERE state NOT IN ('next', 'active');
  ALTER TABLE signing_keys ADD CONSTRAINT signing_keys_check
    CHECK ((private_key IS NOT NULL) = (state IN ('next', 'active')));
END $$;

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000200', 'CompleteEarlySchemas1764000000200');

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000201', 'IndexRefreshTokensByExpiry1764000000201');

ALTER TABLE clients ADD COLUMN IF NOT EXISTS disabled_at timestamptz;

UPDATE clients SET disabled_at = deleted_at WHERE deleted_at IS NOT NULL;

CREATE OR REPLACE FUNCTION clients_mirror_deleted_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.deleted_at := coalesce(NEW.deleted_at, NEW.disabled_at);
  ELSIF NEW.disabled_at IS DISTINCT FROM OLD.disabled_at THEN
    NEW.deleted_at := NEW.disabled_at;
  END IF;
  NEW.disabled_at := NEW.deleted_at;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER clients_mirror_deleted_at BEFORE INSERT OR UPDATE ON clients
FOR EACH ROW EXECUTE FUNCTION clients_mirror_deleted_at();

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000202', 'KeepClientDisabledAt1764000000202');

CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000300', 'IndexEndedSessions1764000000300');

CREATE INDEX refresh_tokens_sealed ON refresh_tokens (session_id, replaced_at)
WHERE sealed_successor IS NOT NULL;

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000301', 'IndexSealedAnswers1764000000301');

DROP INDEX IF EXISTS sessions_open;

CREATE INDEX sessions_open ON sessions (user_id) WHERE ended_at IS NULL;

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000302', 'IndexOpenSessions1764000000302');

ALTER TABLE login_limits ADD COLUMN IF NOT EXISTS free integer,
ADD COLUMN IF NOT EXISTS attempt_id uuid;

CREATE TABLE known_networks (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  network text NOT NULL,
  last_login_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, network)
);

CREATE INDEX known_networks_last_login_at ON known_networks (last_login_at);

CREATE FUNCTION pg_temp.network_of(address text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  hex text;
BEGIN
  hex := encode(inet_send(address::inet), 'hex');
  IF family(address::inet) = 4 THEN RETURN host(address::inet); END IF;
  RETURN (
    SELECT string_agg(to_hex(('x' || substr(hex, 9 + 4 * n, 4))::bit(16)::int), ':' ORDER BY n)
    FROM generate_series(0, 3) AS n
  ) || '::/64';
EXCEPTION WHEN invalid_text_representation THEN RETURN NULL;
END $$;

INSERT INTO known_networks (user_id, network, last_login_at)
SELECT user_id, network, max(created_at)
FROM sessions, pg_temp.network_of(address) AS network
WHERE network IS NOT NULL
GROUP BY user_id, network;

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000401', 'CountAttempts1764000000401');

CREATE TABLE resources (
  audience text COLLATE "C" PRIMARY KEY CHECK (char_length(audience) <= 255),
  -- [{"name": "orders:read", "description": "…"}, …]
  scopes jsonb NOT NULL CHECK (jsonb_typeof(scopes) = 'array')
);

CREATE TABLE roles (
  name text COLLATE "C" PRIMARY KEY CHECK (char_length(name) BETWEEN 1 AND 64),
  scopes text[] NOT NULL
);

INSERT INTO roles (name, scopes)
SELECT name, scopes
FROM (VALUES ('user', '{orders:read,orders:write}'::text[]), ('admin', '{admin}'))
  AS before (name, scopes)
WHERE EXISTS (SELECT FROM users) OR EXISTS (SELECT FROM clients);

INSERT INTO resources (audience, scopes)
SELECT audience,
  coalesce(
    jsonb_agg(jsonb_build_object('name', scope, 'description', '') ORDER BY place, scope)
      FILTER (WHERE scope IS NOT NULL),
    '[]')
FROM (
  SELECT audience, scope, min(place) AS place
  FROM (
    SELECT audience, scope, 2 AS place
    FROM clients
    CROSS JOIN unnest(CASE WHEN audiences = '{}' THEN '{""}' ELSE audiences END) AS audience
    LEFT JOIN unnest(scopes) AS scope ON audience <> '' OR scope NOT IN ('admin', 'account')
    WHERE deleted_at IS NULL
    UNION ALL
    SELECT '', scope, 1 FROM roles, unnest(scopes) AS scope WHERE name = 'user'
  ) AS named
  GROUP BY audience, scope
) AS grouped
GROUP BY audience;

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000500', 'CreateAccessModel1764000000500');

ALTER TABLE sessions ADD COLUMN IF NOT EXISTS audience text;

ALTER TABLE refresh_tokens ADD COLUMN IF NOT EXISTS access_token_audience text,
ADD COLUMN IF NOT EXISTS access_token_scopes text[];

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000501', 'KeepAudienceAndScopes1764000000501');

DROP INDEX IF EXISTS refresh_tokens_live_access;

CREATE INDEX refresh_tokens_live_access
ON refresh_tokens (access_token_expires_at);

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000502', 'IndexLiveAccessTokens1764000000502');

CREATE TABLE outgoing_mails (
  id uuid PRIMARY KEY,
  template text NOT NULL,
  recipient text NOT NULL,
  user_id uuid,
  details jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  next_attempt_at timestamptz NOT NULL,
  attempts integer NOT NULL
);

CREATE INDEX outgoing_mails_next_attempt_at ON outgoing_mails (next_attempt_at);

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000700', 'CreateOutgoingMails1764000000700');

CREATE UNLOGGED TABLE feed_followers (
  service text COLLATE "C" NOT NULL CHECK (char_length(service) BETWEEN 1 AND 64),
  instance text COLLATE "C" NOT NULL CHECK (char_length(instance) BETWEEN 1 AND 64),
  version text CHECK (char_length(version) BETWEEN 1 AND 64),
  -- The auth process that it asked last.
  process uuid NOT NULL,
  -- Everything that smaller transaction ids published is applied. NULL: it has no list yet.
  position xid8,
  seen_at timestamptz NOT NULL,
  PRIMARY KEY (service, instance)
) WITH (fillfactor = 50);

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000710', 'CreateFeedFollowers1764000000710');

DROP INDEX IF EXISTS users_email_prefix;

CREATE INDEX users_email_prefix ON users (email_key text_pattern_ops);

DROP INDEX IF EXISTS reference_tokens_of_subject;

CREATE INDEX reference_tokens_of_subject
ON reference_tokens ((claims ->> 'sub'));

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000720', 'IndexForAdministration1764000000720');

ALTER TABLE users ADD COLUMN email_verified_at timestamptz,
ADD COLUMN registration text NOT NULL DEFAULT 'trusted';

CREATE TABLE account_links (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  purpose text NOT NULL,
  hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
  email text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, purpose)
);

CREATE INDEX account_links_expires_at ON account_links (expires_at);

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000730', 'VerifyEmails1764000000730');

CREATE TABLE audit_retention (
  is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
  keep interval NOT NULL
);

INSERT INTO audit_retention (keep) VALUES ('400 days');

CREATE FUNCTION refuse_early_removal() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  kept interval;
BEGIN
  EXECUTE format('SELECT keep FROM %I.audit_retention', TG_TABLE_SCHEMA) INTO STRICT kept;
  IF OLD.at < now() - kept THEN RETURN OLD; END IF;
  RAISE EXCEPTION '% is append-only, and keeps its rows for %', TG_TABLE_NAME, kept;
END $$;

DROP TRIGGER audit_events_append_only ON audit_events;

CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR TRUNCATE ON audit_events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER audit_events_kept BEFORE DELETE ON audit_events
FOR EACH ROW EXECUTE FUNCTION refuse_early_removal();

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000760', 'ExpireAuditEvents1764000000760');

DROP INDEX IF EXISTS audit_events_at;

CREATE INDEX audit_events_at ON audit_events (at, id);

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000761', 'IndexAuditEventsByTime1764000000761');

ALTER TABLE sessions ADD COLUMN authenticated_at timestamptz, ADD COLUMN amr text[];

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000770', 'KeepAuthentication1764000000770');

ALTER TABLE users ADD COLUMN IF NOT EXISTS delete_at timestamptz;

DROP INDEX IF EXISTS users_delete_at;

CREATE INDEX users_delete_at ON users (delete_at) WHERE delete_at IS NOT NULL;

DROP INDEX IF EXISTS audit_events_of_actor;

CREATE INDEX audit_events_of_actor ON audit_events (actor, id)
WHERE actor IS NOT NULL;

DROP INDEX IF EXISTS audit_events_of_subject;

CREATE INDEX audit_events_of_subject ON audit_events (subject, id)
WHERE subject IS DISTINCT FROM actor AND action !~ '^(session|token)[.]';

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000780', 'DeleteAccountsLater1764000000780');

ALTER TABLE users ADD COLUMN has_second_factor boolean NOT NULL DEFAULT false;

CREATE TABLE factors (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  kind text NOT NULL,
  name text NOT NULL,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz,
  secret bytea,
  last_step integer,
  CHECK (kind <> 'totp' OR (secret IS NOT NULL AND last_step IS NOT NULL))
);

CREATE INDEX factors_user_id ON factors (user_id);

CREATE UNIQUE INDEX factors_totp ON factors (user_id) WHERE kind = 'totp';

CREATE TABLE totp_enrolments (
  user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  session_id uuid NOT NULL,
  name text NOT NULL,
  secret bytea NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE INDEX totp_enrolments_expires_at ON totp_enrolments (expires_at);

CREATE TABLE recovery_codes (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  hash bytea NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (user_id, hash)
);

CREATE TABLE login_tickets (
  hash bytea PRIMARY KEY CHECK (length(hash) = 32),
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  password_changed_at timestamptz NOT NULL,
  request jsonb NOT NULL,
  guesses integer NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE INDEX login_tickets_user_id ON login_tickets (user_id);

CREATE INDEX login_tickets_expires_at ON login_tickets (expires_at);

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000800', 'CreateFactors1764000000800');

ALTER TABLE roles ADD COLUMN requires_mfa boolean NOT NULL DEFAULT false;

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000801', 'RequireFactors1764000000801');

CREATE TABLE passkeys (
  factor_id uuid PRIMARY KEY REFERENCES factors (id) ON DELETE CASCADE,
  credential_id text NOT NULL UNIQUE,
  public_key bytea NOT NULL,
  sign_count bigint NOT NULL,
  transports text[] NOT NULL,
  is_synced boolean NOT NULL
);

CREATE TABLE passkey_challenges (
  hash bytea PRIMARY KEY CHECK (length(hash) = 32),
  bound_to text NOT NULL,
  user_id uuid REFERENCES users (id) ON DELETE CASCADE,
  expires_at timestamptz NOT NULL
);

CREATE INDEX passkey_challenges_user_id ON passkey_challenges (user_id);

CREATE INDEX passkey_challenges_expires_at ON passkey_challenges (expires_at);

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000810', 'CreatePasskeys1764000000810');

CREATE OR REPLACE FUNCTION refuse_change_but_forgetting() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  forgotten record;
  of_user text := coalesce(OLD.actor, OLD.detail ->> 'userId', OLD.subject);
BEGIN
  forgotten := OLD;
  forgotten.address := NULL;
  forgotten.request_id := NULL;
  IF pg_trigger_depth() > 1 AND NEW *= forgotten AND of_user ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
    PERFORM FROM public.users WHERE id = of_user::uuid;
    IF NOT FOUND THEN RETURN NEW; END IF;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;

CREATE OR REPLACE TRIGGER audit_events_unchanged BEFORE UPDATE ON audit_events
FOR EACH ROW EXECUTE FUNCTION refuse_change_but_forgetting();

CREATE OR REPLACE TRIGGER audit_events_append_only BEFORE TRUNCATE ON audit_events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE FUNCTION forget_removed_user() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  of_user text := OLD.id;
  events bigint;
BEGIN
  PERFORM FROM public.users WHERE id = OLD.id;
  IF FOUND THEN RETURN NULL; END IF;
  UPDATE public.audit_events SET address = NULL, request_id = NULL WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM public.audit_events
    WHERE address IS NOT NULL AND (
      actor = of_user OR actor IS NULL AND coalesce(detail ->> 'userId', subject) = of_user)
    FOR UPDATE SKIP LOCKED));
  GET DIAGNOSTICS events = ROW_COUNT;
  INSERT INTO public.audit_events (at, action, subject, detail)
  VALUES (clock_timestamp(), 'user.removed', of_user, jsonb_build_object('events', events));
  RETURN NULL;
END $$;

REVOKE ALL ON FUNCTION forget_removed_user FROM PUBLIC;

DROP TRIGGER IF EXISTS users_forgotten ON users;

CREATE CONSTRAINT TRIGGER users_forgotten AFTER DELETE ON users
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION forget_removed_user();

DROP INDEX IF EXISTS audit_events_without_actor;

CREATE INDEX audit_events_without_actor
ON audit_events (coalesce(detail ->> 'userId', subject))
WHERE actor IS NULL AND address IS NOT NULL;

CREATE TABLE removed_users AS
  SELECT subject::uuid AS id FROM (
    SELECT subject FROM audit_events
    WHERE action IN ('user.deleted', 'user.deletion_requested') AND subject ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    EXCEPT SELECT id::text FROM users) AS removed;
CREATE TRIGGER removed_users_forgotten AFTER DELETE ON removed_users
  FOR EACH ROW EXECUTE FUNCTION forget_removed_user();
DELETE FROM removed_users;
DROP TABLE removed_users;

INSERT INTO "migrations"("timestamp", "name") VALUES ('1764000000820', 'ForgetRemovedUsers1764000000820');
