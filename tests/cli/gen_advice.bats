#!/usr/bin/env bats
# gen_advice - the knowledge base's generator names what is wrong
# SPDX-License-Identifier: MIT

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	file=$BATS_TEST_TMPDIR/advice.txt
}

# A good entry, changed by the sed program in $1; what follows is a part of the message.
refused() {
	sed "$1" >"$file" <<-'END'
		# comment

		id: no-luck
		proto: smtp
		stage: rcpt
		code: 550
		text: *no {word} luck*
		severity: critical
		means: no luck (certain)
		likely: bad {word}
		next: dig {word}
		example: smtp rcpt | 550 no real luck
	END
	run scripts/gen-advice "$file"
	[ "$status" -eq 1 ]
	echo "$output"
	[[ $output == "$file:"*": entry \""*"$2"* ]]
}

@test "gen-advice: the knowledge base is without fault, and comes sorted" {
	scripts/gen-advice --raw core/know/*.txt | tr '\n\037' ' \n' |
		awk 'NR % 13 == 1' >"$BATS_TEST_TMPDIR/ids"
	[ "$(grep -c . "$BATS_TEST_TMPDIR/ids")" -eq "$(cat core/know/*.txt | grep -c '^id:')" ]
	LC_ALL=C sort -c "$BATS_TEST_TMPDIR/ids"
}

@test "gen-advice: mistakes are named with line and entry" {
	refused '/^means/d' 'no-luck": no means'
	refused '/^next/d' 'no-luck": no next'
	refused '/^example/d' 'no-luck": no example'
	refused '/^id/d' 'no id'
	refused 's/^id: .*/id: No_Luck/' 'bad id'
	refused 's/^stage/stagee/' 'unknown key in line 5'
	refused 's/^stage: rcpt/stage: supper/' 'unknown stage "supper"'
	refused 's/^proto: smtp/proto: uucp/' 'unknown proto "uucp"'
	refused 's/^severity: .*/severity: bad/' 'unknown severity'
	refused 's/^code: 550/code: 55/' 'bad code "55"'
	refused '/^code/p' 'second code'
	refused 's/^likely.*/likely: a\nlikely: b\nlikely: c/' 'more than two likely'
	refused 's/^next: .*/next: dig {other}/' '{other} is not captured'
	refused 's/^text: .*/text: *no luck*/' '{word} is not captured'
	refused 's/^next: .*/next: sh -c "{word}"/' 'without quotes'
	refused 's/^next: .*/next: dig {word/' 'brace'
	refused 's/ | 550/ 550/' 'example without'
	refused 's/^means: no/means: n\xc3\xb6/' 'not plain ASCII'
}

@test "gen-advice: an id can be used once only" {
	cat core/know/*.txt - >"$file" <<-'END'

		id: relay-denied
		code: 550
		severity: critical
		means: x
		next: dig x
		example: smtp | 550 x
	END
	run scripts/gen-advice "$file"
	[ "$status" -eq 1 ]
	[[ $output == *'entry "relay-denied": id used before, in '* ]]
}
