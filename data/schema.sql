-- The one table of the workshop. May be run again at any time.
CREATE TABLE IF NOT EXISTS stadiums (
    id integer PRIMARY KEY,
    name text NOT NULL,
    capacity integer NOT NULL,
    location text NOT NULL,
    surface text NOT NULL,
    roof text NOT NULL,
    team text NOT NULL UNIQUE,
    year_opened integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
