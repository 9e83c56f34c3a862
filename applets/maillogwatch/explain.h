/* explain - what a log line says beyond its entry
 * SPDX-License-Identifier: MIT */
#pragma once

#include "know/advice.h"
#include "proto/maillog.h"

/* This entry tells what follows from an earlier failure ("throttling", "exit status 1"). */
bool explain_is_consequence(const struct advice *a);

/*
 * Appends what the line itself says when it is read with a pencil: where the time of a delivery
 * went, what a base64 prompt is. Nothing for other lines.
 */
void explain_facts(struct buf *out, const struct log_event *e);
