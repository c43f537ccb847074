-- What is written for every comment is checked where it hangs on, and not once more for each column that only repeats what
-- the row it hangs on says. See docs/decisions/0013-fewer-foreign-keys.md
-- DropForeignKey
ALTER TABLE "contacts" DROP CONSTRAINT "contacts_workspace_id_fkey";

-- DropForeignKey
ALTER TABLE "conversations" DROP CONSTRAINT "conversations_workspace_id_fkey";

-- DropForeignKey
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_account_id_fkey";

-- DropForeignKey
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_resource_id_fkey";

-- DropForeignKey
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_workspace_id_fkey";

-- DropForeignKey
ALTER TABLE "events" DROP CONSTRAINT "events_workspace_id_fkey";

-- DropForeignKey
ALTER TABLE "ledger_entries" DROP CONSTRAINT "ledger_entries_workspace_id_fkey";

-- DropForeignKey
ALTER TABLE "messages" DROP CONSTRAINT "messages_account_id_fkey";

-- DropForeignKey
ALTER TABLE "messages" DROP CONSTRAINT "messages_workspace_id_fkey";

-- These rows change after they are written: room on their page keeps the change there.
ALTER TABLE "contacts" SET (fillfactor = 80);
ALTER TABLE "deliveries" SET (fillfactor = 80);
ALTER TABLE "messages" SET (fillfactor = 70);
