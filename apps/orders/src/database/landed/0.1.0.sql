CREATE TABLE "migrations" ("id" SERIAL NOT NULL, "timestamp" bigint NOT NULL, "name" character varying NOT NULL, CONSTRAINT "PK_8c82d7f526340ab734260ea46be" PRIMARY KEY ("id"));

CREATE TABLE orders (
  id uuid PRIMARY KEY,
  customer_id varchar(255) NOT NULL,
  status varchar(16) NOT NULL CHECK (status IN ('open', 'cancelled')),
  currency char(3) NOT NULL,
  items jsonb NOT NULL,
  total bigint NOT NULL CHECK (total >= 0),
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE INDEX orders_of_customer ON orders (customer_id, created_at DESC, id DESC);

INSERT INTO "migrations"("timestamp", "name") VALUES ('1763900000001', 'CreateOrders1763900000001');

CREATE TABLE idempotency_keys (
  customer_id varchar(255) NOT NULL,
  key varchar(255) NOT NULL,
  body_digest bytea NOT NULL CHECK (length(body_digest) = 32),
  order_id uuid NOT NULL REFERENCES orders ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (customer_id, key)
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE INDEX idempotency_keys_of_order ON idempotency_keys (order_id);

INSERT INTO "migrations"("timestamp", "name") VALUES ('1763900000002', 'CreateIdempotencyKeys1763900000002');
