-- A process of the version before says of a held or settled message when it would be looked at. While it still runs,
-- a database that refuses this loses the comments that it takes and the outcomes of what it sends; looking at such a
-- message costs a glance. What has to hold is the other half: what waits is looked at.
ALTER TABLE "messages"
    DROP CONSTRAINT "messages_wake",
    ADD CONSTRAINT "messages_wake" CHECK ("state" NOT IN ('queued', 'sending') OR "wake_at" IS NOT NULL);

-- That version left `wake_at` alone when it claimed; an abandoned lease is now found by it.
UPDATE "messages" SET "wake_at" = "lease_until" WHERE "state" = 'sending' AND "wake_at" > "lease_until";

-- Whoever came too late or too often cannot be replayed, and may be many.
-- DropIndex
DROP INDEX "deliveries_to_replay";

-- CreateIndex
CREATE INDEX "deliveries_to_replay" ON "deliveries"("workspace_id", "id") WHERE (reason is not null and reason <> 'already_served' and reason <> 'sold_out' and replayed_at is null);
