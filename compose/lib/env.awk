# Reads variables as .env has them: awk -v public='NAMES' [-v show=yes] -f lib/env.awk. Prints the name, a tab and the value of each
# secret; with show, all of them as a report may have them.
BEGIN {
  split(public, names, /[ \n]+/)
  for (i in names) is_public[names[i]]
  quote = sprintf("%c", 39)
}

/^[ \t]*(#|$)/ { next }

{
  sub(/^[ \t]*(export[ \t]+)?/, "")
  # Further lines of a value have no name.
  if (match($0, /^[A-Za-z_][A-Za-z0-9_.-]*[ \t]*=/)) {
    name = substr($0, 1, RLENGTH - 1)
    sub(/[ \t]+$/, "", name)
    text = substr($0, RLENGTH + 1)
    if (show) print name "=" (name in is_public ? text : text == "" ? "" : "<secret>")
  } else text = $0
  if (show || name in is_public) next
  give(text)
  # Without a comment behind it, without quotes around it.
  bare = text
  sub(/[ \t]+#.*$/, "", bare)
  sub(/^[ \t]+/, "", bare)
  sub(/[ \t]+$/, "", bare)
  give(bare)
  if (bare ~ "^[\"" quote "]") give(substr(bare, 2, length(bare) - 1 - (bare ~ "[\"" quote "]$")))
}

function give(value) { if (value != "") print name "\t" value }
