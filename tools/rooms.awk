# Reads tools/rooms.txt, then sources: prints every include of a room that the file's own room may not
# include, and every room of the list that names one below itself.
function room_of(path,    best, r) {
    best = ""
    for (r in known)
        if (index(path, r "/") == 1 && length(r) > length(best)) best = r
    return best
}
function may(from, to,    i, n, list) {
    n = split(allowed[from], list, " ")
    for (i = 1; i <= n; i++)
        if (index(to "/", list[i] "/") == 1) return 1
    return 0
}
FILENAME ~ /rooms\.txt$/ {
    if ($0 ~ /^#/ || $0 == "") next
    name = $1
    sub(/:$/, "", name)
    known[name] = 1
    allowed[name] = ""
    for (i = 2; i <= NF; i++) {
        found = $i in known
        for (r in known) if (index(r, $i "/") == 1) found = 1
        if (!found) print FILENAME ":" FNR ": " name " may include " $i ", which does not stand above it"
        allowed[name] = allowed[name] " " $i
    }
    next
}
match($0, /^[ \t]*#[ \t]*include "[^"]+"/) {
    target = $0
    sub(/^[^"]*"/, "", target)
    sub(/".*/, "", target)
    if (target !~ /\//) next
    from = room_of(FILENAME)
    to = room_of(target)
    if (from == "") print FILENAME ": lies in no room of tools/rooms.txt"
    else if (to == "") print FILENAME ":" FNR ": " target " lies in no room of tools/rooms.txt"
    else if (from != to && !may(from, to))
        print FILENAME ":" FNR ": " from " may not include " to " (" target "), see tools/rooms.txt"
}
