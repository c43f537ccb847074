-- A draft has never fired: it is checked like any trigger, rehearsed, and activated once.
ALTER TABLE "trigger_versions"
    DROP CONSTRAINT "trigger_versions_state",
    ADD CONSTRAINT "trigger_versions_state" CHECK ("state" IN ('draft', 'active', 'paused', 'archived'));
