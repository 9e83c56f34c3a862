#!/usr/bin/env bats
# gsasl - the messages that b64auth makes beside those of GNU SASL, which makes and checks them too
# SPDX-License-Identifier: MIT
load ../lib/common

NONCE=fyko+d2lbbFgONRv
SALT=QSXCR+Q6sek8bf92

setup() {
	needs gsasl
	SECRETS=() # the strings are what is compared
	printf 'pen,cil=\n' >pass
}

# gsasl on two pipes. The name of the mechanism comes first.
gsasl_as() { # client|server MECHANISM OPTION...
	mkfifo "said.$BATS_TEST_NUMBER" "told.$BATS_TEST_NUMBER"
	timeout 10 gsasl "--$1" --quiet --mechanism "$2" --password 'pen,cil=' --realm localhost \
		--hostname localhost --service smtp --no-cb "${@:3}" \
		<"told.$BATS_TEST_NUMBER" >"said.$BATS_TEST_NUMBER" 2>gsasl.err 3>&- &
	GSASL=$!
	exec 4>"told.$BATS_TEST_NUMBER" 5<"said.$BATS_TEST_NUMBER"
	rm "said.$BATS_TEST_NUMBER" "told.$BATS_TEST_NUMBER"
	hear
	[ "$heard" = "$2" ] || fail "gsasl begins with $heard"
}

hear() { # its next message: $heard
	heard=
	while [ -z "$heard" ]; do
		read -t 10 -r heard <&5 || fail "gsasl said no more: $(<gsasl.err)"
	done
}

tell() { echo "$1" >&4; }

# It ends well only when it has found the client's messages right.
gsasl_ends() {
	tell ''
	exec 4>&-
	cat <&5 >/dev/null
	wait "$GSASL" || fail "gsasl: $(<gsasl.err)"
}

# The messages of b64auth so far; the last one is $ours.
make() {
	try b64auth "$@" -u 'us,er' --pass-file pass
	exits 0
	ours=$(grep -v '^server owes\|^the server' out | tail -n 1)
}

decoded() { base64 -d <<<"$1"; }

@test "gsasl as the server accepts PLAIN, LOGIN and CRAM-MD5" {
	gsasl_as server PLAIN --authentication-id 'us,er'
	make plain
	tell "$ours"
	gsasl_ends
	gsasl_as server LOGIN --authentication-id 'us,er'
	make login
	hear
	tell "$(head -n 1 out)"
	hear
	tell "$ours"
	gsasl_ends
	gsasl_as server CRAM-MD5
	hear
	make cram-md5 "$heard"
	tell "$ours"
	gsasl_ends
}

@test "gsasl as the server of DIGEST-MD5 and SCRAM accepts, and its proof holds" {
	gsasl_as server DIGEST-MD5 --quality-of-protection qop-auth
	hear
	local first=$heard mech
	make digest-md5 --smtp --host localhost --nonce $NONCE "$first"
	tell "$ours"
	hear
	make digest-md5 --smtp --host localhost --nonce $NONCE "$first" "$heard"
	says "the server's proof is right"
	gsasl_ends
	for mech in SCRAM-SHA-1 SCRAM-SHA-256; do
		gsasl_as server $mech --iteration-count 4096
		make ${mech,,} --nonce $NONCE
		tell "$ours"
		hear
		first=$heard
		make ${mech,,} --nonce $NONCE "$first"
		tell "$ours"
		hear
		make ${mech,,} --nonce $NONCE "$first" "$heard"
		says "the server's proof is right"
		gsasl_ends
	done
}

@test "gsasl as the server refuses a wrong password" {
	gsasl_as server SCRAM-SHA-256 --iteration-count 4096
	cp wrong-pass pass
	make scram-sha-256 --nonce $NONCE
	tell "$ours"
	hear
	make scram-sha-256 --nonce $NONCE "$heard"
	tell "$ours"
	! wait "$GSASL"
	grep -q 'Error authenticating' gsasl.err
}

@test "gsasl as a client sends the same in PLAIN, LOGIN, CRAM-MD5, ANONYMOUS and EXTERNAL" {
	gsasl_as client PLAIN --authentication-id 'us,er' --authorization-id boss
	hear
	make plain --authzid boss
	[ "$ours" = "$heard" ]
	gsasl_ends
	gsasl_as client LOGIN --authentication-id 'us,er'
	make login
	tell VXNlcm5hbWU6
	hear
	[ "$heard" = "$(head -n 1 out)" ]
	tell UGFzc3dvcmQ6
	hear
	[ "$ours" = "$heard" ]
	gsasl_ends
	gsasl_as client CRAM-MD5 --authentication-id 'us,er'
	tell PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+
	hear
	make cram-md5 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+
	[ "$ours" = "$heard" ]
	gsasl_as client ANONYMOUS --anonymous-token 'us,er'
	hear
	make anonymous
	[ "$ours" = "$heard" ]
	gsasl_as client EXTERNAL --authorization-id 'us,er'
	hear
	make external
	[ "$ours" = "$heard" ]
}

@test "gsasl as a client sends the same in SCRAM, given its nonce" {
	local mech nonce first
	for mech in SCRAM-SHA-1 SCRAM-SHA-256; do
		gsasl_as client $mech --authentication-id 'us,er' --authorization-id boss
		hear
		nonce=$(decoded "$heard" | sed 's/.*,r=//')
		make ${mech,,} --authzid boss --nonce "$nonce"
		[ "$ours" = "$heard" ]
		first=$(printf 'r=%sX,s=%s,i=4096' "$nonce" $SALT | base64 -w0)
		tell "$first"
		hear
		make ${mech,,} --authzid boss --nonce "$nonce" "$first"
		[ "$ours" = "$heard" ]
	done
}

# The fields come in another order, and gsasl names an authzid that is empty.
@test "gsasl as a client sends the same in DIGEST-MD5, given its nonce" {
	local first nonce fields='s/, */\n/g'
	first=$(printf 'realm="localhost",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess,charset=utf-8' | base64 -w0)
	gsasl_as client DIGEST-MD5 --authentication-id user --authorization-id boss \
		--quality-of-protection qop-auth
	tell "$first"
	hear
	nonce=$(decoded "$heard" | sed 's/.*cnonce="\([^"]*\)".*/\1/')
	try b64auth digest-md5 -u user --pass-file pass --authzid boss --smtp --host localhost \
		--nonce "$nonce" "$first"
	decoded "$heard" | sed "$fields" | sort >theirs
	decoded "$(head -n 1 out)" | sed "$fields" | sort >ours
	diff theirs ours
}
