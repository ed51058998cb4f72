-- Up to which arrival a fold that became due is to go on: it takes chunk after chunk, and what is left after one may be
-- little enough to look as if nothing were due. Empty where none is under way: then what there is may be in answers
-- already (src/calls/store/fold/count-for-read.ts).
ALTER TABLE orgs ADD COLUMN fold_through TEXT NOT NULL DEFAULT '';
