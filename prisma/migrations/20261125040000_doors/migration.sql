-- The private door: who writes in private is found among those who comment. And how many a trigger may serve, and ask.
-- AlterTable
ALTER TABLE "workspaces" ADD COLUMN     "max_price" INTEGER;

-- CreateTable
CREATE TABLE "trigger_stocks" (
    "trigger_id" UUID NOT NULL,
    "stock" INTEGER NOT NULL,
    "taken" INTEGER NOT NULL,
    "granted" INTEGER NOT NULL,

    CONSTRAINT "trigger_stocks_pkey" PRIMARY KEY ("trigger_id")
);

-- CreateIndex
CREATE INDEX "contacts_by_messaging_id" ON "contacts"("account_id", "messaging_id") WHERE (messaging_id is not null);

ALTER TABLE "trigger_stocks" ADD CONSTRAINT "trigger_stocks_bounds" CHECK ("stock" >= 1 AND "taken" >= 0 AND "granted" >= 0);
ALTER TABLE "workspaces" ADD CONSTRAINT "workspaces_max_price" CHECK ("max_price" >= 0);
