-- CreateTable
CREATE TABLE "workspaces" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "workspaces_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "key_hash" BYTEA NOT NULL,
    "hint" TEXT NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "accounts" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "platform" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "username" TEXT,
    "credentials" BYTEA,
    "credentials_key_id" TEXT,
    "state" TEXT NOT NULL DEFAULT 'active',
    "state_reason" TEXT,
    "trigger_revision" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "resources" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "url" TEXT,
    "text" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "archived_at" TIMESTAMPTZ(3),

    CONSTRAINT "resources_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "triggers" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "triggers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "trigger_versions" (
    "trigger_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "account_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "resource_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "priority" INTEGER NOT NULL,
    "definition" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by_id" UUID,

    CONSTRAINT "trigger_versions_pkey" PRIMARY KEY ("trigger_id","version")
);

-- CreateTable
CREATE TABLE "contacts" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "external_id" TEXT NOT NULL,
    "username" TEXT,
    "messaging_id" TEXT,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "contacts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "events" (
    "id" UUID NOT NULL,
    "workspace_id" UUID,
    "account_id" UUID,
    "platform" TEXT NOT NULL,
    "account_external_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "dedupe_key" TEXT NOT NULL,
    "external_id" TEXT,
    "author_external_id" TEXT,
    "author_username" TEXT,
    "contact_id" UUID,
    "media_id" TEXT,
    "parent_id" TEXT,
    "text" TEXT,
    "payload" JSONB,
    "occurred_at" TIMESTAMPTZ(3),
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "times_received" INTEGER NOT NULL DEFAULT 1,
    "outcome" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "trigger_revision" INTEGER,

    CONSTRAINT "events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deliveries" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "event_id" UUID NOT NULL,
    "contact_id" UUID NOT NULL,
    "trigger_id" UUID NOT NULL,
    "trigger_version" INTEGER NOT NULL,
    "resource_id" UUID NOT NULL,
    "door" TEXT NOT NULL,
    "keyword" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "deliveries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "messages" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "delivery_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    "detail" TEXT,
    "target_id" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "variant" INTEGER NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "deadline_at" TIMESTAMPTZ(3) NOT NULL,
    "wake_at" TIMESTAMPTZ(3) NOT NULL,
    "lease_token" UUID,
    "lease_until" TIMESTAMPTZ(3),
    "external_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "messages_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ledger_entries" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "kind" TEXT NOT NULL,
    "account_id" UUID,
    "event_id" UUID,
    "delivery_id" UUID,
    "message_id" UUID,
    "contact_id" UUID,
    "trigger_id" UUID,
    "resource_id" UUID,
    "detail" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "ledger_entries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "workspace_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" BYTEA NOT NULL,
    "status" INTEGER,
    "body" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("workspace_id","key")
);

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_key_hash_key" ON "api_keys"("key_hash");

-- CreateIndex
CREATE INDEX "api_keys_workspace_id_id_idx" ON "api_keys"("workspace_id", "id");

-- CreateIndex
CREATE INDEX "accounts_workspace_id_id_idx" ON "accounts"("workspace_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "accounts_one_connection" ON "accounts"("platform", "external_id") WHERE (state <> 'disconnected');

-- CreateIndex
CREATE INDEX "resources_workspace_id_id_idx" ON "resources"("workspace_id", "id");

-- CreateIndex
CREATE INDEX "triggers_workspace_id_id_idx" ON "triggers"("workspace_id", "id");

-- CreateIndex
CREATE INDEX "triggers_account_id_idx" ON "triggers"("account_id");

-- CreateIndex
CREATE INDEX "trigger_versions_account_id_revision_idx" ON "trigger_versions"("account_id", "revision");

-- CreateIndex
CREATE INDEX "trigger_versions_resource_id_idx" ON "trigger_versions"("resource_id");

-- CreateIndex
CREATE INDEX "contacts_workspace_id_id_idx" ON "contacts"("workspace_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "contacts_account_id_external_id_key" ON "contacts"("account_id", "external_id");

-- CreateIndex
CREATE INDEX "events_workspace_id_id_idx" ON "events"("workspace_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "events_platform_account_external_id_dedupe_key_key" ON "events"("platform", "account_external_id", "dedupe_key");

-- CreateIndex
CREATE UNIQUE INDEX "deliveries_event_id_key" ON "deliveries"("event_id");

-- CreateIndex
CREATE INDEX "deliveries_workspace_id_id_idx" ON "deliveries"("workspace_id", "id");

-- CreateIndex
CREATE INDEX "deliveries_contact_id_idx" ON "deliveries"("contact_id");

-- CreateIndex
CREATE INDEX "deliveries_trigger_id_idx" ON "deliveries"("trigger_id");

-- CreateIndex
CREATE INDEX "messages_workspace_id_id_idx" ON "messages"("workspace_id", "id");

-- CreateIndex
CREATE INDEX "messages_queued_by_account" ON "messages"("account_id") WHERE (state = 'queued');

-- CreateIndex
CREATE INDEX "messages_to_wake" ON "messages"("wake_at") WHERE (state = 'queued');

-- CreateIndex
CREATE INDEX "messages_to_expire" ON "messages"("deadline_at") WHERE (state = 'queued');

-- CreateIndex
CREATE INDEX "messages_leased" ON "messages"("lease_until") WHERE (state = 'sending');

-- CreateIndex
CREATE UNIQUE INDEX "messages_delivery_id_kind_key" ON "messages"("delivery_id", "kind");

-- CreateIndex
CREATE INDEX "ledger_entries_workspace_id_id_idx" ON "ledger_entries"("workspace_id", "id");

-- CreateIndex
CREATE INDEX "ledger_entries_delivery_id_idx" ON "ledger_entries"("delivery_id");

-- CreateIndex
CREATE INDEX "idempotency_keys_created_at_idx" ON "idempotency_keys"("created_at");

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "resources" ADD CONSTRAINT "resources_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "triggers" ADD CONSTRAINT "triggers_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "triggers" ADD CONSTRAINT "triggers_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "trigger_versions" ADD CONSTRAINT "trigger_versions_trigger_id_fkey" FOREIGN KEY ("trigger_id") REFERENCES "triggers"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "trigger_versions" ADD CONSTRAINT "trigger_versions_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "trigger_versions" ADD CONSTRAINT "trigger_versions_resource_id_fkey" FOREIGN KEY ("resource_id") REFERENCES "resources"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "trigger_versions" ADD CONSTRAINT "trigger_versions_created_by_id_fkey" FOREIGN KEY ("created_by_id") REFERENCES "api_keys"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "events" ADD CONSTRAINT "events_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "events" ADD CONSTRAINT "events_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "events" ADD CONSTRAINT "events_contact_id_fkey" FOREIGN KEY ("contact_id") REFERENCES "contacts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_event_id_fkey" FOREIGN KEY ("event_id") REFERENCES "events"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_contact_id_fkey" FOREIGN KEY ("contact_id") REFERENCES "contacts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_trigger_id_trigger_version_fkey" FOREIGN KEY ("trigger_id", "trigger_version") REFERENCES "trigger_versions"("trigger_id", "version") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_resource_id_fkey" FOREIGN KEY ("resource_id") REFERENCES "resources"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "messages" ADD CONSTRAINT "messages_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "messages" ADD CONSTRAINT "messages_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "messages" ADD CONSTRAINT "messages_delivery_id_fkey" FOREIGN KEY ("delivery_id") REFERENCES "deliveries"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ledger_entries" ADD CONSTRAINT "ledger_entries_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "idempotency_keys" ADD CONSTRAINT "idempotency_keys_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What the values may be. Prisma's schema language cannot say this, so it stands only here.
ALTER TABLE "api_keys"
    ADD CONSTRAINT "api_keys_scopes" CHECK ("scopes" <@ ARRAY['read', 'write', 'operate'] AND cardinality("scopes") > 0);

ALTER TABLE "accounts"
    ADD CONSTRAINT "accounts_state" CHECK ("state" IN ('active', 'paused', 'disconnected')),
    ADD CONSTRAINT "accounts_credentials" CHECK (
        ("state" = 'disconnected') = ("credentials" IS NULL)
        AND ("credentials" IS NULL) = ("credentials_key_id" IS NULL));

ALTER TABLE "resources"
    ADD CONSTRAINT "resources_kind" CHECK (
        ("kind" = 'link' AND "url" IS NOT NULL AND "text" IS NULL)
        OR ("kind" = 'text' AND "text" IS NOT NULL AND "url" IS NULL));

ALTER TABLE "triggers" ADD CONSTRAINT "triggers_version" CHECK ("version" >= 1);

ALTER TABLE "trigger_versions"
    ADD CONSTRAINT "trigger_versions_state" CHECK ("state" IN ('active', 'paused', 'archived')),
    ADD CONSTRAINT "trigger_versions_version" CHECK ("version" >= 1);

ALTER TABLE "events"
    ADD CONSTRAINT "events_outcome" CHECK ("outcome" IN ('matched', 'skipped')),
    ADD CONSTRAINT "events_account" CHECK (("account_id" IS NULL) = ("workspace_id" IS NULL)),
    ADD CONSTRAINT "events_times_received" CHECK ("times_received" >= 1);

ALTER TABLE "deliveries"
    ADD CONSTRAINT "deliveries_door" CHECK ("door" IN ('comment', 'private')),
    ADD CONSTRAINT "deliveries_state" CHECK ("state" IN ('waiting', 'delivered', 'failed', 'expired')),
    ADD CONSTRAINT "deliveries_settled" CHECK (("state" = 'waiting') = ("settled_at" IS NULL));

ALTER TABLE "messages"
    ADD CONSTRAINT "messages_kind" CHECK ("kind" IN ('private_reply', 'public_reply')),
    ADD CONSTRAINT "messages_state" CHECK (
        "state" IN ('held', 'queued', 'sending', 'sent', 'unconfirmed', 'failed', 'expired', 'cancelled')),
    ADD CONSTRAINT "messages_lease" CHECK (
        ("state" = 'sending') = ("lease_token" IS NOT NULL)
        AND ("lease_token" IS NULL) = ("lease_until" IS NULL)),
    ADD CONSTRAINT "messages_attempts" CHECK ("attempts" >= 0);

-- The ledger only grows, whoever asks.
CREATE FUNCTION "ledger_is_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER "ledger_entries_no_change" BEFORE UPDATE OR DELETE ON "ledger_entries"
    FOR EACH ROW EXECUTE FUNCTION "ledger_is_append_only"();
CREATE TRIGGER "ledger_entries_no_truncate" BEFORE TRUNCATE ON "ledger_entries"
    FOR EACH STATEMENT EXECUTE FUNCTION "ledger_is_append_only"();

-- A version is what deliveries and explanations refer to: it never changes either.
CREATE FUNCTION "trigger_versions_are_final"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a trigger version never changes: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER "trigger_versions_no_change" BEFORE UPDATE OR DELETE ON "trigger_versions"
    FOR EACH ROW EXECUTE FUNCTION "trigger_versions_are_final"();
CREATE TRIGGER "trigger_versions_no_truncate" BEFORE TRUNCATE ON "trigger_versions"
    FOR EACH STATEMENT EXECUTE FUNCTION "trigger_versions_are_final"();
