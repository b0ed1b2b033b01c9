/* forms.h - the forms that texts and names in cloud-config have. */
#pragma once
#include <stdbool.h>

bool form_some(const char *s);          /* not empty, and one line */
bool form_date(const char *s);          /* YYYY-MM-DD that there is */
bool form_size(const char *s);          /* 512M, 1.5G */
bool form_size_auto(const char *s);     /* the same, or auto */
bool form_minutes(const char *s);       /* 5, +5 */
bool form_name_password(const char *s); /* NAME:PASSWORD */
bool form_tags(const char *s);          /* words between commas */
bool form_repository(const char *s);    /* a section of yum's */
bool form_option(const char *s);        /* letters, digits, underscores */
bool form_host_key(const char *s);      /* rsa_private … */
bool form_partition(const char *s);     /* auto, any, none, a number */
