# SPDX-License-Identifier: GPL-2.0-only
#
# chain.awk - do the references of every container in a text of ftrace form one chain?
#
# Run by stress.sh. Each get and put tells the count that its own atomic transition produced. Tasks
# that act at once may write their events in another order than that of the transitions, so the
# order of events proves nothing, but their number does: for each level, as many gets that reach it
# as puts that leave it, every level up to the highest is there, level 1 is reached once and left
# once. Then the transitions form one walk 0, 1, ..., 0 that is at zero at its ends only. The open
# comes before all other events of the container, the release after them. Attach, detach and close
# tell the same numbers as the gets and puts beside them.
#
# Prints what is wrong (status 1), or how many containers, gets, puts, attaches and detaches it saw.

function wrong(id, what)
{
	print "container " id ": " what
	bad = 1
}

function value(key,    at)
{
	at = index($0, " " key "=")
	return at ? substr($0, at + length(key) + 2) + 0 : -1
}

{ event = "" }
match($0, /vfio_container_[a-z_]+: /) {
	event = substr($0, RSTART + 15, RLENGTH - 17)
	id = value("id")
	refs = value("refs")
}
event == "" { next }
event == "open" {
	if (value("ret") != 0)
		next
	if (id in opened)
		wrong(id, "opened twice")
	opened[id] = 1
	top[id] = 1
	containers++
	next
}
!(id in opened) { wrong(id, "has an event before its open: " $0) }
id in released { wrong(id, "has an event after its release: " $0) }
event == "get" {
	gets++
	up[id, refs]++
	if (refs > top[id])
		top[id] = refs
	told[id, / reason=file/ ? "open" : "attach", refs]++
}
event == "put" {
	puts++
	down[id, refs + 1]++
	if (refs + 1 > top[id])
		top[id] = refs + 1
	told[id, / reason=file/ ? "close" : "detach", refs]++
}
event == "attach" && value("ret") == 0 { attaches++; told[id, event, refs]-- }
event == "detach" { detaches++; told[id, event, refs]-- }
event == "close" { told[id, event, refs]--; closes[id]++ }
event == "release" { released[id] = 1 }

END {
	for (id in opened) {
		if (!(id in released))
			wrong(id, "was not released")
		if (up[id, 1] != 1 || down[id, 1] != 1)
			wrong(id, "came to one reference " up[id, 1] + 0 " times and to none " \
			      down[id, 1] + 0 " times")
		if (closes[id] != 1 || told[id, "open", 1] != 1)
			wrong(id, "its file was not opened and closed once")
		told[id, "open", 1] = 0
		for (level = 1; level <= top[id]; level++)
			if (!up[id, level] || up[id, level] != down[id, level])
				wrong(id, up[id, level] + 0 " gets to " level " references, " \
				      down[id, level] + 0 " puts from there")
	}
	for (key in told)
		if (told[key]) {
			split(key, part, SUBSEP)
			wrong(part[1], part[2] " to " part[3] " references: it and its get or put differ")
		}
	if (!containers)
		wrong("(any)", "none was seen")
	if (bad)
		exit 1
	print "containers " containers
	print "gets " gets + 0
	print "puts " puts + 0
	print "attaches " attaches + 0
	print "detaches " detaches + 0
}
