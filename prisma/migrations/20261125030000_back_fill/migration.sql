-- Comments that no webhook told of: back-fills, and how often an account is looked through. See docs/back-fill.md
-- AlterTable
ALTER TABLE "accounts" ADD COLUMN     "reconcile_every" INTEGER;

-- CreateTable
CREATE TABLE "backfills" (
    "id" UUID NOT NULL,
    "workspace_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "trigger_id" UUID,
    "media_ids" TEXT[],
    "latest_posts" INTEGER NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'running',
    "reason" TEXT,
    "detail" TEXT,
    "position" JSONB NOT NULL,
    "progress" JSONB NOT NULL,
    "missed" INTEGER NOT NULL DEFAULT 0,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "next_at" TIMESTAMPTZ(3) NOT NULL,
    "lease_token" UUID,
    "lease_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "backfills_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "backfills_one_reconcile" ON "backfills"("account_id") WHERE (kind = 'reconcile');

-- CreateIndex
CREATE INDEX "backfills_workspace_id_id_idx" ON "backfills"("workspace_id", "id");

-- CreateIndex
CREATE INDEX "backfills_account_id_idx" ON "backfills"("account_id");

-- CreateIndex
CREATE INDEX "backfills_to_step" ON "backfills"("next_at") WHERE (state = 'running');

-- AddForeignKey
ALTER TABLE "backfills" ADD CONSTRAINT "backfills_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "accounts" ADD CONSTRAINT "accounts_reconcile_every" CHECK ("reconcile_every" >= 15);

ALTER TABLE "backfills"
    ADD CONSTRAINT "backfills_kind" CHECK ("kind" IN ('backfill', 'reconcile')),
    ADD CONSTRAINT "backfills_state" CHECK ("state" IN ('running', 'paused', 'stopped', 'done', 'failed')),
    ADD CONSTRAINT "backfills_lease" CHECK (("lease_token" IS NULL) = ("lease_until" IS NULL));
