/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * html_style.h - how a page looks, for html.c
 */
#ifndef VFIO_TRACE_HTML_STYLE_H
#define VFIO_TRACE_HTML_STYLE_H

/* CSS. Classes are named where they are defined. */
extern const char html_style[];

#endif
