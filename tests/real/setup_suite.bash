# setup_suite - starts Postfix and Dovecot once for a run of bats
# SPDX-License-Identifier: MIT
load ../lib/common

setup_suite() { start_servers core; }

teardown_suite() { stop_servers core; }
