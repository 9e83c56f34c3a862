# setup_suite - starts the real servers once for a run of bats
# SPDX-License-Identifier: MIT

setup_suite() {
	local servers=$BATS_TEST_DIRNAME/../lib/servers rc=0
	SERVERS_ENV=$("$servers" start 2>"$BATS_RUN_TMPDIR/servers.err" 3>&-) || rc=$?
	SERVERS_WHY=$(<"$BATS_RUN_TMPDIR/servers.err")
	export SERVERS_ENV SERVERS_WHY
	if [ $rc -ne 0 ] && [ $rc -ne 77 ]; then
		cat "$BATS_RUN_TMPDIR/servers.err" >&2
		return 1
	fi
}

teardown_suite() {
	"$BATS_TEST_DIRNAME/../lib/servers" stop
}
