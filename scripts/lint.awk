# lint.awk - the rules of core/STYLE.md that one C file can break
# SPDX-License-Identifier: MIT
#
# Prints file:line: rule: message. Strings and comments are cut out first: code is what is left.

function report(rule, text) {
	printf "%s:%d: %s: %s\n", FILENAME, FNR, rule, text
}

# Where a file belongs decides what it may include and call.
function enter(    n, part) {
	n = split(FILENAME, part, "/")
	layer = part[1] == "core" ? part[2] : part[1]
	module = part[n]
	is_header = sub(/\.h$/, "", module)
	sub(/\.c$/, "", module)
	is_pure = layer == "proto" || layer == "know"
	is_ours = layer != "tests"
	is_world = FILENAME ~ /^core\/sys\/world\.c$/
	is_main = FILENAME == "applets/main.c"
	in_comment = in_function = pragma_seen = 0
	escape_line = -9
}

function head_rule() {
	if (FNR == 1) {
		if ($0 !~ "^/[*] " module " - ")
			report("head", "line 1 is to be: /* " module " - what it is for")
		else if (split($0, words, " ") - 3 > 10)
			report("head", "line 1 says it in under ten words")
	}
	if (FNR == 2 && $0 !~ /^ \* SPDX-License-Identifier: MIT( \*\/)?$/)
		report("head", "line 2 is to be:  * SPDX-License-Identifier: MIT")
}

# Cuts comments, strings and character constants out of a line; comment text goes to comment.
function strip(line,    out, c, i, n, two) {
	out = comment = ""
	n = length(line)
	for (i = 1; i <= n; i++) {
		c = substr(line, i, 1)
		two = substr(line, i, 2)
		if (in_comment) {
			if (two == "*/") {
				in_comment = 0
				i++
			} else
				comment = comment c
		} else if (two == "/*") {
			in_comment = 1
			i++
		} else if (two == "//") {
			comment = substr(line, i + 2)
			break
		} else if (c == "\"" || c == "'") {
			out = out c
			for (i++; i <= n && substr(line, i, 1) != c; i++)
				if (substr(line, i, 1) == "\\")
					i++
			out = out c
		} else
			out = out c
	}
	return out
}

function calls(code, names) {
	if (!match(code, "(^|[^A-Za-z0-9_.>])(" names ")[ ]*\\("))
		return ""
	return substr(code, RSTART, RLENGTH)
}

function banned_rule(code,    what) {
	if (what = calls(code, "sprintf|vsprintf|strcpy|strcat|strncpy|strncat|gets|atoi|atol|" \
	    "strtok|strtok_r|sscanf|alloca|system|popen"))
		report("banned", "not to be used here: " what ")")
	if (!is_ours)
		return
	if (what = calls(code, "exit|_Exit|quick_exit|abort"))
		if (!is_main && FILENAME != "core/sys/mem.c")
			report("exit", "only core/sys/mem.c and applets/main.c end the process")
	if (!is_world && (what = calls(code, "time|gettimeofday|clock_gettime|clock|rand|random|" \
	    "srand|srandom|getrandom|getentropy|getenv|secure_getenv|setenv|putenv")))
		report("world", "clock, random and environment come from struct world: " what ")")
	if (!is_world && FILENAME != "core/sys/mem.c" &&
	    (code ~ /(^|[^A-Za-z0-9_])(stdin|stdout|stderr)([^A-Za-z0-9_]|$)/ ||
	    calls(code, "printf|vprintf|puts|putchar|perror|getchar|scanf|isatty|tcgetattr")))
		if (FILENAME !~ /^core\/ui\/(opt_password|lineedit)\.c$/)
			report("world", "the standard streams come from struct world")
	if (is_pure && (what = calls(code, "malloc|calloc|realloc|free|strdup|strndup|xmalloc|" \
	    "xcalloc|xrealloc|xstrdup|errno|fopen|open|read|write|socket|setlocale")))
		report("pure", "core/" layer " allocates and asks for nothing: " what ")")
}

# sys <- proto <- net, know <- talk, ui <- applets
function include_rule(line,    path, from, part, ok) {
	if (!match(line, /^[ \t]*#[ \t]*include[ \t]*[<"][^>"]*[>"]/))
		return
	path = substr(line, RSTART, RLENGTH)
	sub(/^[^<"]*/, "", path)
	if (path ~ /^<(mbedtls|psa)\// && FILENAME !~ /^core\/(net\/tls[a-z_]*|proto\/hash)\.[ch]$/)
		report("layer", "only core/net/tls and core/proto/hash.c know mbedTLS")
	if (path ~ /^<zlib\.h>/ && FILENAME !~ /^(core\/(sys\/gz[a-z_]*|net\/roots[a-z_]*)|tests\/(unit\/test_gz|bench\/inflate))\.c$/)
		report("layer", "only core/sys/gz and core/net/roots know zlib")
	if (is_pure && (path ~ /^<(stdio|time|unistd|fcntl|netdb|poll|signal|dirent|locale|pwd)\.h>/ ||
	    path ~ /^<(spawn|sys|netinet|arpa|net)[.\/]/))
		report("pure", "core/" layer " does no I/O: " path)
	if (path !~ /^"/ || !is_ours)
		return
	path = substr(path, 2, length(path) - 2)
	from = path
	sub(/\/.*/, "", from)
	if (path !~ /\//) {
		if (layer != "applets")
			report("layer", "include \"" path "\" with its folder")
		return
	}
	ok = index(allowed[layer], " " from " ")
	if (from == "applets") {
		split(path, part, "/")
		sub(/\.h$/, "", part[2])
		if (part[2] in is_applet && module != part[2])
			ok = FILENAME ~ "^applets/" part[2] "/"
	}
	if (!ok)
		report("layer", layer " may not include " path)
}

# A function begins with "{" and ends with "}" in the first column.
function function_rule(code,    n) {
	if (code ~ /^[A-Za-z_].*\(/ && code !~ /;[ \t]*$/ && !in_function) {
		signature = ""
		signature_line = FNR
	}
	if (!in_function)
		signature = signature code
	if (code ~ /^\{/) {
		in_function = 1
		function_start = FNR
		n = count_params(signature)
		if (n > 5)
			report("params", n " parameters, 5 are the limit")
	}
	if (code ~ /^\}/) {
		n = FNR - function_start - 1
		if (in_function && n > 60 && escape_line < signature_line - 3)
			report("long", "function of " n " lines, 60 are the limit (or: " \
				"/* lint: long - why */)")
		in_function = 0
		signature = ""
	}
	if (in_function && match(code, /^\t\t\t\t\t+(if|for|while|switch|do)[ (]/))
		report("deep", "nested more than 3 levels")
}

function count_params(text,    i, c, depth, n) {
	if (!match(text, /\(/))
		return 0
	n = 1
	for (i = RSTART; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c == "(")
			depth++
		else if (c == ")" && --depth == 0)
			return n
		else if (c == "," && depth == 1)
			n++
	}
	return 0
}

function comment_rule() {
	if (comment ~ /lint: long - [a-z]/)
		escape_line = FNR
	if (comment ~ /(^|[^A-Za-z])(TO[D]O|FIX[M]E)/ && comment !~ /#[0-9]+/)
		report("todo", "names no issue")
	if (comment ~ /^[ \t*]*((if|for|while|switch) \(|[a-z_]+((->|\.)[a-z_]+)* = ).*;[ \t]*$/ ||
	    comment ~ /^[ \t*]*(return [^ ]+|[a-z_]+\(.*\));[ \t]*$/)
		report("dead", "code in a comment")
}

function width_rule(line,    at, i) {
	if (line ~ /"/)	# a text is not cut in two to save columns: grep is to find it
		return
	for (i = 1; i <= length(line); i++)
		at = substr(line, i, 1) == "\t" ? at + 8 - at % 8 : at + 1
	if (at > 100)
		report("width", at " columns, 100 are the limit")
}

BEGIN {
	allowed["sys"] = " sys "
	allowed["proto"] = " sys proto "
	allowed["net"] = " sys proto net "
	allowed["know"] = " sys proto know "
	allowed["talk"] = " sys proto net talk "
	allowed["ui"] = " sys proto know ui "
	allowed["applets"] = " sys proto net know talk ui applets "
	while ((getline line <"applets/applet.h") > 0)
		if (match(line, /^int [a-z0-9]+_main\(/))
			is_applet[substr(line, 5, RLENGTH - 10)] = 1
}

FNR == 1 {
	enter()
}

{
	head_rule()
	width_rule($0)
	if ($0 ~ /[ \t]$/)
		report("blank", "blank at the end of the line")
	include_rule($0)
	code = strip($0)
	comment_rule()
	if (code ~ /^#pragma once/)
		pragma_seen = 1
	if (is_header && !pragma_seen && code ~ /^[^ \t#]/)
		report("head", "a header begins with #pragma once")
	if (code ~ /^[ \t]*#/)
		next
	if (code ~ /typedef[ \t]+(struct|union|enum)/)
		report("typedef", "a struct keeps its name")
	banned_rule(code)
	function_rule(code)
}
