-- Run once, when Postgres makes its data folder. Temporal makes its own databases beside this one.
CREATE DATABASE sheaf;
