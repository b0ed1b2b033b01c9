/* notify.h - words to the service manager that started us: sd_notify(3)'s protocol. Nothing where there is none. */
#pragma once

/* Opens the way to it for good, as descriptor `at` or the next one that is free: for who may open none later. Else each word opens one. */
void notify_open(int at);
void notify_ready(void);
void notify_stopping(void);
/* Where the unit has WatchdogSec=: at most twice an interval, so that it may be called as often as one likes. */
void notify_watchdog(void);
/* Milliseconds until notify_watchdog() is due again; -1: there is no watchdog. */
int notify_watchdog_ms(void);
