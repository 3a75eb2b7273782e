#!lua flags=allow-oom
-- Says that the lists of a backend changed for one kind of client.
--
-- KEYS     the first six
-- ARGV[3]  the view
-- ARGV[4]  the backend
-- Output   1

tell("lists", ARGV[3], "id", ARGV[4])
return 1
