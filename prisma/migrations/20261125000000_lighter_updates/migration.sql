-- What is written for every comment and every send is written with fewer locks and fewer index entries.
-- See docs/decisions/0014-writes-that-leave-indexes-alone.md
-- DropForeignKey
ALTER TABLE "contacts" DROP CONSTRAINT "contacts_account_id_fkey";

-- DropForeignKey
ALTER TABLE "conversations" DROP CONSTRAINT "conversations_account_id_fkey";

-- DropForeignKey
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_contact_id_fkey";

-- DropForeignKey
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_event_id_fkey";

-- DropForeignKey
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_replay_of_id_fkey";

-- DropForeignKey
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_trigger_id_trigger_version_fkey";

-- DropForeignKey
ALTER TABLE "events" DROP CONSTRAINT "events_account_id_fkey";

-- DropForeignKey
ALTER TABLE "events" DROP CONSTRAINT "events_contact_id_fkey";

-- DropForeignKey
ALTER TABLE "messages" DROP CONSTRAINT "messages_delivery_id_fkey";

-- DropIndex
DROP INDEX "deliveries_to_replay";

-- DropIndex
DROP INDEX "ledger_entries_workspace_id_id_idx";

-- DropIndex
DROP INDEX "messages_in_line";

-- DropIndex
DROP INDEX "messages_leased";

-- DropIndex
DROP INDEX "messages_to_look_up";

-- DropIndex
DROP INDEX "messages_to_wake";

-- DropIndex
DROP INDEX "messages_too_late";

-- DropIndex
DROP INDEX "messages_unconfirmed";

-- AlterTable
ALTER TABLE "ledger_entries" DROP CONSTRAINT "ledger_entries_pkey",
ADD CONSTRAINT "ledger_entries_pkey" PRIMARY KEY ("workspace_id", "id");

-- AlterTable
ALTER TABLE "messages" ALTER COLUMN "wake_at" DROP NOT NULL;

-- CreateIndex
CREATE INDEX "deliveries_to_replay" ON "deliveries"("workspace_id", "id") WHERE (reason is not null and replayed_at is null);

-- CreateIndex
CREATE INDEX "messages_to_wake" ON "messages"("wake_at") WHERE (wake_at is not null);

-- CreateIndex
CREATE INDEX "messages_in_line" ON "messages"("account_id", "pace") WHERE (wake_at is not null);

-- CreateIndex
CREATE INDEX "messages_too_late" ON "messages"("account_id") WHERE (wake_at is not null and due_at > deadline_at);

-- CreateIndex
CREATE INDEX "messages_to_look_up" ON "messages"("account_id", "look_up_at") WHERE (look_up_at is not null);

-- CreateIndex
CREATE INDEX "messages_unconfirmed" ON "messages"("workspace_id", "id") WHERE (doubted_at is not null and settled_at is null);

-- Nobody looks at a message that is held, unconfirmed or settled.
UPDATE "messages" SET "wake_at" = NULL WHERE "state" NOT IN ('queued', 'sending');

ALTER TABLE "messages"
    ADD CONSTRAINT "messages_wake" CHECK (("state" IN ('queued', 'sending')) = ("wake_at" IS NOT NULL));

-- Room on the page for the changes that every row goes through: a claim and an outcome, an outcome, an id to write to.
ALTER TABLE "messages" SET (fillfactor = 55);
ALTER TABLE "deliveries" SET (fillfactor = 60);
ALTER TABLE "contacts" SET (fillfactor = 70);
