-- What people did with a message: for comparing the texts of a trigger. Comments are not in it.
-- CreateIndex
CREATE INDEX "events_about_messages" ON "events"("account_id", "external_id") WHERE (kind = 'read' or kind = 'reaction');
