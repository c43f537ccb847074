-- What GET /v1/stats says is kept rather than counted. See docs/decisions/0015-tallies.md
-- CreateTable
CREATE TABLE "tallies" (
    "workspace_id" UUID NOT NULL,
    "subject" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "count" BIGINT NOT NULL,

    CONSTRAINT "tallies_pkey" PRIMARY KEY ("workspace_id","subject","state","label")
);

-- CreateTable
CREATE TABLE "tally_changes" (
    "workspace_id" UUID NOT NULL,
    "subject" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "change" INTEGER NOT NULL
);

-- Those of a trigger are listed newest first.
-- DropIndex
DROP INDEX "deliveries_trigger_id_idx";

-- CreateIndex
CREATE INDEX "deliveries_trigger_id_id_idx" ON "deliveries"("trigger_id", "id");

-- One call for each statement that writes, not for each row, and rows that are only added: nobody waits for a lock.
CREATE FUNCTION "tally_events"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally_changes (workspace_id, subject, state, label, change)
    SELECT workspace_id, 'event', outcome, reason, count(*)
    FROM fresh WHERE workspace_id IS NOT NULL
    GROUP BY workspace_id, outcome, reason;
    RETURN NULL;
END $$;

CREATE FUNCTION "tally_new_deliveries"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally_changes (workspace_id, subject, state, label, change)
    SELECT workspace_id, 'delivery', state, coalesce(reason, ''), count(*)
    FROM fresh WHERE replayed_at IS NULL
    GROUP BY workspace_id, state, reason;
    RETURN NULL;
END $$;

CREATE FUNCTION "tally_changed_deliveries"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally_changes (workspace_id, subject, state, label, change)
    SELECT workspace_id, 'delivery', state, coalesce(reason, ''), sum(change)
    FROM (
        SELECT workspace_id, state, reason, 1 AS change FROM fresh WHERE replayed_at IS NULL
        UNION ALL
        SELECT workspace_id, state, reason, -1 FROM stale WHERE replayed_at IS NULL
    ) changed
    GROUP BY workspace_id, state, reason HAVING sum(change) <> 0;
    RETURN NULL;
END $$;

CREATE FUNCTION "tally_new_messages"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally_changes (workspace_id, subject, state, label, change)
    SELECT workspace_id, 'message', state, kind, count(*)
    FROM fresh GROUP BY workspace_id, state, kind;
    RETURN NULL;
END $$;

CREATE FUNCTION "tally_changed_messages"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally_changes (workspace_id, subject, state, label, change)
    SELECT workspace_id, 'message', state, kind, sum(change)
    FROM (
        SELECT workspace_id, state, kind, 1 AS change FROM fresh
        UNION ALL
        SELECT workspace_id, state, kind, -1 FROM stale
    ) changed
    GROUP BY workspace_id, state, kind HAVING sum(change) <> 0;
    RETURN NULL;
END $$;

-- From here on nobody else writes until all is committed: what is there is counted once, what comes by the triggers.
CREATE TRIGGER "events_tally" AFTER INSERT ON "events"
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION "tally_events"();
CREATE TRIGGER "deliveries_tally" AFTER INSERT ON "deliveries"
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION "tally_new_deliveries"();
CREATE TRIGGER "deliveries_tally_changes" AFTER UPDATE ON "deliveries"
    REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION "tally_changed_deliveries"();
CREATE TRIGGER "messages_tally" AFTER INSERT ON "messages"
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION "tally_new_messages"();
CREATE TRIGGER "messages_tally_changes" AFTER UPDATE ON "messages"
    REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION "tally_changed_messages"();

INSERT INTO "tallies" ("workspace_id", "subject", "state", "label", "count")
SELECT workspace_id, 'event', outcome, reason, count(*) FROM events WHERE workspace_id IS NOT NULL GROUP BY 1, 3, 4
UNION ALL
SELECT workspace_id, 'delivery', state, coalesce(reason, ''), count(*)
FROM deliveries WHERE replayed_at IS NULL GROUP BY 1, 3, 4
UNION ALL
SELECT workspace_id, 'message', state, kind, count(*)
FROM messages GROUP BY 1, 3, 4;
