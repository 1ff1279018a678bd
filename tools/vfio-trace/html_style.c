// SPDX-License-Identifier: GPL-2.0-only
/*
 * html_style.c - how a page looks: light, dark, narrow and on paper
 *
 * Colours are named once for light and once for dark. What a colour says is said by a label, a
 * place or a shape, too.
 */
#include "html_style.h"

/* Both lists have the same names; paper is light. */
#define LIGHT                                                                                      \
	"--page:#f4f4f1;--card:#fff;--ink:#14140f;--soft:#55544e;--rule:#dedcd4;--accent:#2a5fb0;" \
	"--heat:#1f5fbf;--bad:#b3261e;--bad-card:#fdecea;--good:#1b6e3c;--good-card:#e8f5ec;"     \
	"--c-pin:#1d4f91;--c-iommu:#3f86d8;--c-rest:#9cc3ee;--c-map:#2f6fbe;--c-set:#7a4fb5;"      \
	"--c-attach:#d9730d;--c-device:#2e8b57;--c-group:#b08900;--c-ioctl:#8a8880;"              \
	"--c-unmap:#5b8a9a;--c-between:#e3e1d8;--on-dark:#fff;--on-light:#14140f;color-scheme:light;"
#define DARK                                                                                       \
	"--page:#121211;--card:#1c1c1a;--ink:#f2f1ec;--soft:#b4b2a8;--rule:#3a3a36;"              \
	"--accent:#8ab4f2;--heat:#6aa5f5;--bad:#ff8a80;--bad-card:#3a1d1b;--good:#7fd6a0;"         \
	"--good-card:#17301f;--c-pin:#2d66b3;--c-iommu:#5b9df0;--c-rest:#a9cdf7;--c-map:#4a8ce0;" \
	"--c-set:#a07ae0;--c-attach:#f0913a;--c-device:#4fb37e;--c-group:#d4ad2b;"                \
	"--c-ioctl:#98968c;--c-unmap:#7fb3c4;--c-between:#3a3a36;--on-dark:#fff;"                 \
	"--on-light:#14140f;color-scheme:dark;"

const char html_style[] =
	":root{" LIGHT "}\n"
	"@media screen and (prefers-color-scheme:dark){:root{" DARK "}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0 auto;padding:1.5rem 1rem 3rem;max-width:70rem;background:var(--page);"
	"color:var(--ink);font:15px/1.5 system-ui,\"Segoe UI\",\"DejaVu Sans\",sans-serif}\n"
	"h1{font-size:1.6rem;line-height:1.25;margin:0 0 .75rem}\n"
	"h2{font-size:1.2rem;margin:2.5rem 0 .75rem;padding-top:.25rem}\n"
	"h3{font-size:1rem;margin:1.25rem 0 .4rem}\n"
	"p{margin:.4rem 0}\n"
	"a{color:var(--accent)}\n"
	"nav{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;margin:1rem 0 0;font-size:.9rem}\n"
	"footer{margin-top:3rem;color:var(--soft);font-size:.85rem}\n"
	/* .card: a box; .soft: may be skipped; .banner .bad .good: the recording's state */
	".card{background:var(--card);border:1px solid var(--rule);border-radius:8px;"
	"padding:.8rem 1rem;margin:.75rem 0}\n"
	".card h3{margin:0 0 .3rem}\n"
	".soft{color:var(--soft);font-size:.9rem}\n"
	".banner{border-left:5px solid;border-radius:8px;padding:.6rem 1rem;margin:.75rem 0;"
	"font-weight:600}\n"
	".banner ul{margin:.2rem 0;padding-left:1.2rem;font-weight:400}\n"
	".bad{border-color:var(--bad);background:var(--bad-card)}\n"
	".good{border-color:var(--good);background:var(--good-card)}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;margin:0}\n"
	"dt{color:var(--soft)}\ndd{margin:0;overflow-wrap:anywhere}\n"
	".card ul{margin:.3rem 0;padding-left:1.2rem;overflow-wrap:anywhere}\n"
	/* .scroll: what may be wider than the window; .n: numbers */
	".scroll{overflow-x:auto;background:var(--card);border:1px solid var(--rule);"
	"border-radius:8px;padding:.5rem .75rem;margin:.75rem 0}\n"
	".scroll:focus-visible{outline:2px solid var(--accent)}\n"
	"table{border-collapse:collapse;font-size:.85rem;width:100%;"
	"font-variant-numeric:tabular-nums}\n"
	"caption{text-align:left;color:var(--soft);padding:.1rem 0 .4rem}\n"
	"th,td{padding:.22rem .55rem;text-align:left;vertical-align:top;white-space:nowrap}\n"
	"tr>:first-child{padding-left:0}[rowspan]~td:not([rowspan]),td:first-child{padding-left:.55rem}\n"
	"thead th{color:var(--soft);font-weight:600;border-bottom:1px solid var(--rule)}\n"
	"tbody th{font-weight:600}\n"
	"tbody tr+tr>*{border-top:1px solid var(--rule)}\n"
	".n{text-align:right}\n"
	/* .sub: a row that is part of the one above; .err: failures, said in words beside */
	"tr.sub>*{border-top:0;color:var(--soft);font-weight:400}\n"
	"tr.sub>th{padding-left:1.2rem}\n"
	".err{color:var(--bad);font-weight:600}\n"
	"td.wrap{white-space:normal;min-width:16rem;overflow-wrap:anywhere}\n"
	"details{margin:.5rem 0}\nsummary{cursor:pointer;padding:.2rem 0;overflow-wrap:anywhere}\n"
	/* Pictures. .mid .end: where a text is held; .big; .strong */
	"svg{display:block;width:100%;min-width:46rem;height:auto;overflow:visible;"
	"font:11px system-ui,\"Segoe UI\",\"DejaVu Sans\",sans-serif;"
	"font-variant-numeric:tabular-nums}\n"
	"svg text{fill:var(--soft)}\nsvg .mid{text-anchor:middle}\nsvg .end{text-anchor:end}\n"
	"svg .big{font-size:13px;font-weight:600;fill:var(--ink)}\nsvg .strong{fill:var(--ink)}\n"
	"svg .err{fill:var(--bad);font-weight:700}\n"
	".grid{stroke:var(--rule);stroke-width:1;fill:none}\n"
	".axis{stroke:var(--soft);stroke-width:1;fill:none}\n"
	".lead{stroke:var(--soft);stroke-width:.8;fill:none}\n"
	".gap{stroke:var(--bad);stroke-width:1.2;stroke-dasharray:3 3;fill:none}\n"
	/* Shades of the heat map, from few calls to many; .bar: its histogram */
	".h1,.h2,.h3,.h4,.h5,.bar{fill:var(--heat)}\n"
	".h1{fill-opacity:.16}.h2{fill-opacity:.34}.h3{fill-opacity:.54}.h4{fill-opacity:.76}\n"
	".bar{fill-opacity:.7}\n.plate{fill:var(--rule);fill-opacity:.28}\n"
	/* Memory: an area and a line with dashes */
	".mapped{fill:var(--c-iommu);fill-opacity:.25;stroke:var(--c-iommu);stroke-width:1.5}\n"
	".pinned{fill:none;stroke:var(--c-attach);stroke-width:2;stroke-dasharray:6 3}\n"
	/* Kinds of calls */
	".c-pin{fill:var(--c-pin)}.c-iommu{fill:var(--c-iommu)}.c-rest{fill:var(--c-rest)}\n"
	".c-map{fill:var(--c-map)}.c-set{fill:var(--c-set)}.c-attach{fill:var(--c-attach)}\n"
	".c-device{fill:var(--c-device)}.c-group{fill:var(--c-group)}.c-ioctl{fill:var(--c-ioctl)}\n"
	".c-unmap{fill:var(--c-unmap)}.c-between{fill:var(--c-between)}\n"
	".c-fail{fill:var(--bad)}\n.life{fill:var(--soft);fill-opacity:.35}\n"
	".closed{stroke:var(--bad);stroke-width:2;stroke-dasharray:4 3;fill:none}\n"
	"svg .on-dark{fill:var(--on-dark)}\nsvg .on-light{fill:var(--on-light)}\n"
	"svg .on-card{fill:var(--ink)}\n"
	"@media (max-width:40rem){body{padding:1rem .6rem 2rem;font-size:14px}"
	"h1{font-size:1.3rem}dl{grid-template-columns:1fr}dt{margin-top:.35rem}}\n"
	"@media print{body{max-width:none;padding:0;background:#fff;font-size:10pt}nav{display:none}"
	"*{print-color-adjust:exact;-webkit-print-color-adjust:exact}"
	".scroll{overflow:visible}svg{min-width:0}th,td{white-space:normal;padding:.15rem .3rem}"
	"table{font-size:7.5pt}.card,svg,tr{break-inside:avoid}h2,h3{break-after:avoid}"
	"details::details-content{content-visibility:visible;display:block;height:auto}}\n";
