# courier.sh - starts Courier, and popa3d by Courier's listener; runs in the private root
# SPDX-License-Identifier: MIT
programs=/usr/lib/courier/courier

listen() { # PORT PROGRAM...
	/usr/sbin/couriertcpd -address=127.0.0.1 -nodnslookup -noidentlookup "$@" &
}

tls() { # PORT PROGRAM...
	port=$1
	shift
	listen "$port" /usr/bin/couriertls -server -tcpd -user=courier "$@"
}

/usr/lib/courier/courier-authlib/authdaemond &
set -a
. /etc/courier/pop3d
. /etc/courier/pop3d-ssl
. /etc/courier/imapd
. /etc/courier/imapd-ssl
unset TLS_TRUSTCERTS TLS_DHPARAMS TLS_CACHEFILE
TLS_CERTFILE=/etc/courier/key.pem
POP3_STARTTLS=YES IMAP_STARTTLS=YES IMAP_USELOCKS=0 # its locks wait for gamin, 1.2 s a session
POP3AUTH="PLAIN LOGIN CRAM-MD5 CRAM-SHA1 CRAM-SHA256" POP3AUTH_TLS="PLAIN LOGIN CRAM-MD5"
IMAP_CAPABILITY="$IMAP_CAPABILITY AUTH=PLAIN AUTH=CRAM-MD5" IMAP_CAPABILITY_TLS=$IMAP_CAPABILITY
POP3_TLS=0 listen @COURIER_POP3@ $programs/courierpop3login $programs/courierpop3d Maildir
POP3_TLS=1 tls @COURIER_POP3S@ $programs/courierpop3login $programs/courierpop3d Maildir
IMAP_TLS=0 listen @COURIER_IMAP@ $programs/imaplogin /usr/bin/imapd Maildir
IMAP_TLS=1 tls @COURIER_IMAPS@ $programs/imaplogin /usr/bin/imapd Maildir
listen @POPA3D_POP3@ /usr/sbin/popa3d
wait
