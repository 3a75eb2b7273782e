#!lua flags=allow-oom
-- Notes that the client of a session has sent something: it does not give way any more.
--
-- KEYS    those of one session
-- Output  1

if live() then use() end
return 1
