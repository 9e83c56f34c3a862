/* versions - which TLS versions a port takes
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mscan/mscan.h"
#include "ui/report.h"

/* Asks each open mail port of the host for SSL 3 to TLS 1.3, one connection a version, with our own
 * ClientHello; prints a row a port (show), or an object a port with report->json, and adds
 * verdicts. */
void mscan_versions(const struct mscan_run *run, size_t host, struct report *report, bool show);

/* Asks the ports that showed a certificate once more, without a server name (SNI): another
 * certificate is what a client gets that sends none. Adds a verdict for each that differs. */
void mscan_without_sni(const struct mscan_run *run, size_t host, struct report *report);
