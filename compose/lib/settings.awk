# Reads a YAML file of the operator: awk -v public='KEYS' [-v show=yes] -f lib/settings.awk. Prints the key, a tab and the value of
# what may be a secret; with show, the file as a report may have it: only what is known to be harmless, and names of variables.
BEGIN {
  split(public, keys, /[ \n]+/)
  for (i in keys) is_public[keys[i]]
  quote = sprintf("%c", 39)
}

/^[ \t]*(#|$)/ { next }

{
  line = $0
  sub(/[ \t]+#.*$/, "", line)
  if (match(line, /^[ \t-]*[A-Za-z_"][^:{}"]*"?:([ \t]|$)/)) {
    head = substr(line, 1, RLENGTH)
    text = substr(line, RLENGTH + 1)
    key = head
    gsub(/^[ \t"-]+|"?:[ \t]*$/, "", key)
  } else {
    match(line, /^[ \t]*(- +)?/)
    head = substr(line, 1, RLENGTH)
    text = substr(line, RLENGTH + 1)
  }
  gsub(/^[ \t]+|[ \t]+$/, "", text)
  names_variable = text ~ /^"?os\.environ\/[A-Za-z0-9_]+"?$/
  is_harmless = text == "" || names_variable || key in is_public && text !~ /^\{/
  # Not as "key: value", where any value would be taken out later.
  if (show && names_variable) sub(/: *$/, " is ", head)
  if (show) print head (is_harmless ? text : "<secret>")
  else if (!is_harmless) secrets(text)
}

function secrets(text, words, n, i) {
  give(text)
  if (text ~ "^[\"" quote "]") give(substr(text, 2, length(text) - 2))
  # In braces there are several: those that are no plain word.
  n = split(text, words, "[][{}:,\"" quote " \t]+")
  if (text ~ /[{[]/) for (i = 1; i <= n; i++)
    if (length(words[i]) >= 8 && words[i] ~ /[0-9]/ && !(words[i - 1] in is_public)) give(words[i])
}

function give(value) { if (value != "") print key "\t" value }
