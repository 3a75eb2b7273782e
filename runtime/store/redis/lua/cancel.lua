#!lua flags=allow-oom
-- Says that the client of a session does not wait any more for one of its requests.
--
-- KEYS     those of one session
-- ARGV[4]  the id of the request, as JSON text
-- Output   1; 0 where the session is not there

if not live() then return 0 end
tell("cancelled", KEY, "id", ARGV[4])
return 1
