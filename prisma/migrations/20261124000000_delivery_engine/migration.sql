-- DropIndex
DROP INDEX "deliveries_event_id_key";

-- DropIndex
DROP INDEX "messages_queued_by_account";

-- DropIndex
DROP INDEX "messages_to_expire";

-- AlterTable
ALTER TABLE "accounts" ADD COLUMN     "credentials_expire_at" TIMESTAMPTZ(3),
ADD COLUMN     "probe_at" TIMESTAMPTZ(3),
ADD COLUMN     "probes" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "public_replies_per_post" INTEGER DEFAULT 200,
ADD COLUMN     "refresh_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "deliveries" ADD COLUMN     "replay_of_id" UUID,
ADD COLUMN     "replayed_at" TIMESTAMPTZ(3),
ADD COLUMN     "run" INTEGER NOT NULL DEFAULT 1;

-- AlterTable
ALTER TABLE "events" ADD COLUMN     "recipient_external_id" TEXT;

-- AlterTable
ALTER TABLE "messages" ADD COLUMN     "attempted_at" TIMESTAMPTZ(3),
ADD COLUMN     "doubted_at" TIMESTAMPTZ(3),
ADD COLUMN     "look_up_at" TIMESTAMPTZ(3),
ADD COLUMN     "look_ups" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "not_before" TIMESTAMPTZ(3),
ADD COLUMN     "pace" TEXT;

-- So far every kind of message had a pace of its own name.
UPDATE "messages" SET "pace" = "kind";
ALTER TABLE "messages" ALTER COLUMN "pace" SET NOT NULL;
UPDATE "messages" SET "doubted_at" = COALESCE("settled_at", "created_at") WHERE "state" = 'unconfirmed';

-- CreateTable
CREATE TABLE "account_paces" (
    "account_id" UUID NOT NULL,
    "pace" TEXT NOT NULL,
    "per_hour" INTEGER NOT NULL,
    "burst" INTEGER NOT NULL,
    "custom" BOOLEAN NOT NULL DEFAULT false,
    "used_until" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "next_slot_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_deadline_at" TIMESTAMPTZ(3),
    "rest_until" TIMESTAMPTZ(3),
    "relay_at" TIMESTAMPTZ(3),

    CONSTRAINT "account_paces_pkey" PRIMARY KEY ("account_id","pace")
);

-- CreateTable
CREATE TABLE "conversations" (
    "account_id" UUID NOT NULL,
    "external_id" TEXT NOT NULL,
    "workspace_id" UUID NOT NULL,
    "window_ends_at" TIMESTAMPTZ(3) NOT NULL,
    "last_inbound_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "conversations_pkey" PRIMARY KEY ("account_id","external_id")
);

-- CreateTable
CREATE TABLE "servings" (
    "trigger_id" UUID NOT NULL,
    "contact_id" UUID NOT NULL,
    "scope" TEXT NOT NULL,
    "every_days" INTEGER,
    "delivery_id" UUID NOT NULL,
    "served_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "servings_pkey" PRIMARY KEY ("trigger_id","contact_id","scope")
);

-- CreateTable
CREATE TABLE "post_replies" (
    "account_id" UUID NOT NULL,
    "media_id" TEXT NOT NULL,
    "wanted" INTEGER NOT NULL,

    CONSTRAINT "post_replies_pkey" PRIMARY KEY ("account_id","media_id")
);

-- CreateTable
CREATE TABLE "alerts" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "detail" JSONB NOT NULL DEFAULT '{}',
    "raised_at" TIMESTAMPTZ(3) NOT NULL,
    "cleared_at" TIMESTAMPTZ(3),

    CONSTRAINT "alerts_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "account_paces_to_relay" ON "account_paces"("relay_at") WHERE (relay_at is not null);

-- CreateIndex
CREATE INDEX "alerts_workspace_id_id_idx" ON "alerts"("workspace_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "alerts_open" ON "alerts"("account_id", "kind") WHERE (cleared_at is null);

-- CreateIndex
CREATE INDEX "accounts_to_probe" ON "accounts"("probe_at") WHERE (state = 'paused');

-- CreateIndex
CREATE INDEX "accounts_to_refresh" ON "accounts"("refresh_at") WHERE (state = 'active');

-- CreateIndex
CREATE UNIQUE INDEX "deliveries_event_id_run_key" ON "deliveries"("event_id", "run");

-- CreateIndex
CREATE INDEX "events_echoes" ON "events"("account_id", "recipient_external_id") WHERE (kind = 'echo');

-- CreateIndex
CREATE INDEX "events_own_comments" ON "events"("account_id", "parent_id") WHERE (reason = 'own_comment');

-- CreateIndex
CREATE INDEX "events_to_purge" ON "events"("received_at") WHERE (outcome = 'skipped');

-- CreateIndex
CREATE INDEX "messages_in_line" ON "messages"("account_id", "pace", "due_at") WHERE (state = 'queued');

-- CreateIndex
CREATE INDEX "messages_too_late" ON "messages"("account_id") WHERE (state = 'queued' and due_at > deadline_at);

-- CreateIndex
CREATE INDEX "messages_to_look_up" ON "messages"("account_id", "look_up_at") WHERE (state = 'unconfirmed');

-- CreateIndex
CREATE INDEX "messages_in_doubt" ON "messages"("account_id") WHERE (doubted_at is not null);

-- CreateIndex
CREATE INDEX "messages_public_replies" ON "messages"("account_id", "external_id") WHERE (kind = 'public_reply' and external_id is not null);

-- CreateIndex
CREATE INDEX "deliveries_to_replay" ON "deliveries"("workspace_id", "id") WHERE ((state = 'failed' or state = 'expired') and replayed_at is null);

-- CreateIndex
CREATE INDEX "messages_unconfirmed" ON "messages"("workspace_id", "id") WHERE (state = 'unconfirmed');

-- AddForeignKey
ALTER TABLE "account_paces" ADD CONSTRAINT "account_paces_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "alerts" ADD CONSTRAINT "alerts_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "alerts" ADD CONSTRAINT "alerts_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_replay_of_id_fkey" FOREIGN KEY ("replay_of_id") REFERENCES "deliveries"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What the values may be. Prisma's schema language cannot say this, so it stands only here.
ALTER TABLE "account_paces"
    ADD CONSTRAINT "account_paces_positive" CHECK ("per_hour" >= 1 AND "burst" >= 1);

ALTER TABLE "accounts"
    ADD CONSTRAINT "accounts_public_replies_per_post" CHECK ("public_replies_per_post" >= 0);

ALTER TABLE "deliveries"
    DROP CONSTRAINT "deliveries_state",
    DROP CONSTRAINT "deliveries_settled",
    ADD CONSTRAINT "deliveries_state" CHECK ("state" IN ('waiting', 'delivered', 'skipped', 'failed', 'expired')),
    ADD CONSTRAINT "deliveries_settled" CHECK (("state" = 'waiting') = ("settled_at" IS NULL)),
    ADD CONSTRAINT "deliveries_run" CHECK (("run" = 1) = ("replay_of_id" IS NULL)),
    ADD CONSTRAINT "deliveries_replayed" CHECK ("replayed_at" IS NULL OR "state" IN ('failed', 'expired'));

ALTER TABLE "messages"
    DROP CONSTRAINT "messages_kind",
    ADD CONSTRAINT "messages_kind" CHECK ("kind" IN ('private_reply', 'public_reply', 'direct_message')),
    ADD CONSTRAINT "messages_look_up" CHECK ("look_up_at" IS NULL OR "state" = 'unconfirmed'),
    ADD CONSTRAINT "messages_doubted" CHECK ("state" <> 'unconfirmed' OR "doubted_at" IS NOT NULL);
