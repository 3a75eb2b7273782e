# skip TESTS: names the tests that are skipped, and why, and ends the script: a failure where all of them are required.
skip() {
  echo "skipped: $1" >&2
  [ "${FLEET_REQUIRE_ALL:-}" != 1 ] || exit 1
  exit 0
}
