-- The audit's rows in the order of time as well: what came lately is looked at each second, and by (scope, time) alone that
-- reads nearly all of two days.
ALTER TABLE audit ADD PROJECTION IF NOT EXISTS by_time (SELECT * ORDER BY time);
