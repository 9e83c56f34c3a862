# dispatch - which applet runs, and what mtabox itself does
# SPDX-License-Identifier: MIT

load ../lib/common
SECRETS=() # the help has the article's string on purpose, and nothing here takes a password

applets() {
	"$MTABOX" | awk '/^  [a-z]/ { print $1 }'
}

# Runs mtabox under another name.
called() { # NAME ARGS...
	local name=$1
	shift
	try bash -c 'name=$1 box=$2; shift 2; exec -a "$name" "$box" "$@"' - "$name" "$MTABOX" "$@"
}

@test "mtabox alone lists the applets, sorted, one line each" {
	try mtabox
	exits 0
	applets >list
	[ "$(wc -l <list)" -ge 5 ]
	sort -c list
	for applet in b64auth explain imaptalk mailsink pop3talk smtptalk; do
		grep -qx "$applet" list
	done
	[ "$(awk 'length > 80' out)" = "" ]
	[ ! -s err ]
}

@test "an applet runs by its link, by a path, as a login program and with a version" {
	for name in smtptalk ./smtptalk /opt/bin/smtptalk -smtptalk smtptalk-0.1 smtptalk0.1 smtptalk-2 /x/-smtptalk-1.2.3; do
		called "$name" --help
		exits 0
		[ "$(head -n 1 out | cut -d ' ' -f 1,2)" = "usage: smtptalk" ] || fail "$name"
	done
}

@test "a digit that belongs to the name is no version" {
	called b64auth --help
	exits 0
	[ "$(head -n 1 out | cut -d ' ' -f 1,2)" = "usage: b64auth" ]
	called pop3talk3 --help
	exits 0
	[ "$(head -n 1 out | cut -d ' ' -f 1,2)" = "usage: pop3talk" ]
}

@test "mtabox may have a version or a suffix itself" {
	for name in mtabox mtabox-0.1 mtabox.debug -mtabox; do
		called "$name" smtptalk --help
		exits 0
		[ "$(head -n 1 out | cut -d ' ' -f 1,2)" = "usage: smtptalk" ]
	done
}

@test "an empty name is no applet" {
	called '' --help
	exits 3
	complains 'no applet ""'
}

@test "an unknown applet names the nearest one and exits 3" {
	try mtabox smptalk
	exits 3
	[ "$(cat err)" = 'mtabox: no applet "smptalk"; nearest: smtptalk' ]
	[ ! -s out ]
	called pop3tlak
	exits 3
	[ "$(cat err)" = 'mtabox: no applet "pop3tlak"; nearest: pop3talk' ]
	try mtabox telnet
	exits 3
	[ "$(cat err)" = 'mtabox: no applet "telnet"; "mtabox" lists them' ]
	try mtabox $'\e[2J'
	exits 3
	complains '\x1b[2J'
}

@test "an unknown option of mtabox names the nearest one and exits 3" {
	try mtabox --verson
	exits 3
	[ "$(cat err)" = 'mtabox: unknown option --verson, nearest: --version' ]
}

@test "--version, to standard output" {
	try mtabox --version
	exits 0
	[[ $(head -n 1 out) =~ ^mtabox\ [0-9]+\.[0-9]+$ ]]
	[[ $(sed -n 2p out) =~ ^mbedTLS\ 3\.[0-9.]+,\ zlib\ [0-9.]+$ ]]
	cp out version
	try mtabox -V
	cmp out version
}

@test "--help of mtabox and of every applet: usage first, 80 columns, three ways the same" {
	try mtabox --help
	exits 0
	[ "$(head -n 1 out | cut -d ' ' -f 1,2)" = "usage: mtabox" ]
	cp out long
	try mtabox help
	exits 0
	cmp out long
	for applet in $(applets); do
		try mtabox "$applet" --help
		exits 0
		[[ $(head -n 1 out) =~ ^usage:\ (mtabox\ )?$applet ]] || fail "$applet: no usage line"
		[ "$(awk 'length > 80' out)" = "" ] || fail "$applet: wider than 80 columns"
		grep -q '^Exit: 0 OK' out || fail "$applet: no exit codes"
		grep -q '^Examples:' out || fail "$applet: no examples"
		[ ! -s err ]
		cp out long
		try mtabox help "$applet"
		exits 0
		cmp out long
	done
	try mtabox help smptalk
	exits 3
	complains 'nearest: smtptalk'
}

@test "--man of mtabox and of every applet is a page that groff takes without a warning" {
	command -v groff >/dev/null || skip "no groff"
	for applet in mtabox $(applets); do
		try mtabox --man "$applet"
		exits 0
		cp out page
		groff -man -ww -z -Tascii page 2>warnings || fail "$applet"
		[ ! -s warnings ] || fail "$applet: $(cat warnings)"
		# each long option of --help is explained in the page
		for option in $("$MTABOX" help "$applet" | grep -o -e '  *--[a-z][a-z0-9-]*' | grep -v -e --man); do
			grep -qF -e "${option//-/\\-}" page || fail "$applet: $option is not in the page"
		done
	done
	try mtabox --man nothing
	exits 3
}

@test "--install makes hard links to the running binary" {
	mkdir bin
	cp "$MTABOX" mtabox
	try ./mtabox --install bin
	exits 0
	for applet in $(applets | grep -vx explain); do
		[ bin/"$applet" -ef mtabox ] || fail "$applet"
		[ ! -L bin/"$applet" ]
	done
	[ ! -e bin/explain ] # says too little alone
	try bin/smtptalk --help
	exits 0
	try ./mtabox --install bin # again is fine
	exits 0
	says '0 new links in bin'
}

@test "--install -s makes symbolic links: absolute, or bare in the binary's own directory" {
	mkdir bin
	cp "$MTABOX" mtabox
	try ./mtabox --install -s bin
	exits 0
	[ "$(readlink bin/smtptalk)" = "$PWD/mtabox" ]
	try ./mtabox --install -s .
	exits 0
	[ "$(readlink smtptalk)" = mtabox ]
	try ./smtptalk --help
	exits 0
}

@test "--install leaves other files alone, names them and exits 1" {
	mkdir bin
	echo mine >bin/smtptalk
	ln -s /nonexistent bin/pop3talk
	try "$MTABOX" --install -s bin
	exits 1
	complains 'bin/smtptalk' 'bin/pop3talk' 'another file has this name'
	[ "$(cat bin/smtptalk)" = mine ]
	[ "$(readlink bin/pop3talk)" = /nonexistent ]
	[ -x bin/b64auth ] # the rest is done
}

@test "--install without a directory, or into none, exits 3" {
	try mtabox --install
	exits 3
	complains 'needs a directory'
	try mtabox --install /nonexistent/bin
	exits 3
	complains '/nonexistent/bin' 'No such file or directory'
}

@test "output that is lost is no success" {
	run bash -c '"$1" >/dev/full' - "$MTABOX"
	[ "$status" -eq 3 ]
	[[ $output == *'standard output was not written: No space left on device'* ]]
	run bash -c '"$1" >&-' - "$MTABOX"
	[ "$status" -eq 3 ]
	run bash -c '"$1" --man smtptalk >&- 2>&- <&-' - "$MTABOX"
	[ "$status" -eq 3 ]
}
