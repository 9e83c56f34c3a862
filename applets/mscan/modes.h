/* modes - views of a scan: local, compared, to the outside
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mscan/local.h"
#include "applets/mscan/past.h"
#include "ui/report.h"

/* The mail ports of this machine, whose own addresses were scanned: who listens, and can it be
 * reached. outside (may be NULL): what a scan from elsewhere saw. show: print the table. */
void modes_local(const struct mscan_run *run, struct report *report, const struct past *outside,
		bool show);

/* What is not as it was. */
void modes_since(const struct mscan_run *run, struct report *report, const struct past *before);

/* Can this machine send? The run tried port 25 of MX hosts, and others to compare with. */
void modes_egress(const struct mscan_run *run, struct report *report);

/* One row a certificate: ports, names, issuer, days, key, verdict. */
void modes_certs(const struct mscan_run *run, size_t host);
