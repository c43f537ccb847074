-- An index whose condition names a column makes each change of that column one of all indexes of the table. A delivery is
-- settled once, and this index was the only one that knew of it: without it the change stays on its page. What can be
-- replayed is found by its message, whose changes are in indexes anyway.
-- DropIndex
DROP INDEX "deliveries_to_replay";

-- CreateIndex
CREATE INDEX "messages_to_replay" ON "messages"("workspace_id", "delivery_id") WHERE ((state = 'failed' or state = 'expired') and kind <> 'public_reply');
