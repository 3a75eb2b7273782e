/** What docs/sessions.md says that the user needs. */
export const ACL_COMMANDS =
  "-@all +auth +hello +ping +info +client|setname +select +get +set +exists +del +pexpire +pttl +hget +hset +hmget +hgetall +hdel +hincrby +sadd +srem +sismember +smembers +zadd +zrem +zcount +zrangebyscore +zremrangebyscore +xadd +xrange +xrevrange +xread +eval +evalsha +time +wait".split(
    " ",
  );
