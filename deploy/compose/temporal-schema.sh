#!/bin/sh
# Makes Temporal's databases, or brings their schemas up to this version. Safe to run again.
set -eu
for name in temporal temporal_visibility; do
  folder=${name#temporal_}
  temporal-sql-tool --db "$name" create || true
  # Fails, rightly, where there is a schema already.
  temporal-sql-tool --db "$name" setup-schema -v 0.0 || true
  temporal-sql-tool --db "$name" update-schema -d "/etc/temporal/schema/postgresql/v12/$folder/versioned"
done
