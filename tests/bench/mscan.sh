# mscan - against nmap, across the routed test network (as root)
# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # $took of scripts/bench

scan_bench() {
	lab=tests/lib/scan-lab
	export SCAN_LAB=bench$$
	$lab up
	$lab srv nft add rule inet lab c tcp dport 1-1000 tcp dport != '{ 25, 110, 465, 995, 143 }' drop
	host=198.51.100.2
	mail=25,465,587,110,995,143,993,4190,2525,24,80,443
	for what in "12 mail ports|-p $mail --no-probe|-p $mail" "1000 ports, most dropped|-p 1-1000 --no-probe|-p 1-1000" \
		"what answers on the mail ports|-p $mail|-p $mail --script smtp-commands,pop3-capabilities,ssl-cert"; do
		ours=$(echo "$what" | cut -d '|' -f 2) theirs=$(echo "$what" | cut -d '|' -f 3)
		# shellcheck disable=SC2086 # words
		ms $lab cli "$MTABOX" mscan $ours $host
		mine=$took
		open=$(grep -c ' open ' "$BENCH_DIR/out")
		# shellcheck disable=SC2086 # words
		ms $lab cli nmap -n -sT $theirs $host
		row "${what%%|*}" "$mine" nmap "$took" "open: $open and $(grep -c '/tcp *open ' "$BENCH_DIR/out")"
	done
	$lab down
}

if [ "$(id -u)" -ne 0 ]; then
	echo "network namespaces need root: left out"
elif ! missing nft && ! missing nmap; then
	scan_bench
fi
