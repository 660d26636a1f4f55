-- The roles of a database that is not ours, by its administrator: psql -d DATABASE -v owner=justrunit -f roles.sql
-- Passwords are set afterwards, each by \password. The owner then makes the schema: each service with --schema.
-- The same again changes nothing.
SELECT format('CREATE ROLE %I LOGIN', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \gexec
SELECT format('CREATE ROLE %I NOLOGIN', name) FROM unnest(ARRAY['justrunit_append', 'justrunit_read']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
-- The relay looks at how long transactions of other roles have been open.
GRANT pg_read_all_stats TO justrunit_append;
SELECT format('CREATE ROLE %I LOGIN', 'justrunit_' || name)
FROM unnest(ARRAY['monitor', 'experimenter', 'interpolator', 'checker', 'placement', 'auditor']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'justrunit_' || name) \gexec
GRANT justrunit_append
    TO justrunit_monitor, justrunit_experimenter, justrunit_interpolator, justrunit_checker, justrunit_placement;
GRANT justrunit_read TO justrunit_auditor;
SELECT format('GRANT CREATE, CONNECT ON DATABASE %I TO %I', current_database(), :'owner') \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO justrunit_append, justrunit_read', current_database()) \gexec
-- Nothing of ours makes temporary tables, and whoever may not cannot put one in the place of a catalogue's.
SELECT format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()) \gexec
