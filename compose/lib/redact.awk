# Takes out what is known to be secret, and long values that no word is: awk -f lib/redact.awk SECRETS TEXT.
# Each line of SECRETS is a name, a tab and a value; the name stands in place of the value.
BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i }

FNR == NR {
  tab = index($0, "\t")
  know(substr($0, 1, tab - 1), substr($0, tab + 1))
  next
}

FNR == 1 { sort() }

# The armour of a private key or a certificate, on lines of its own or with \n in one; one that is cut off ends with its part.
/^== / { inside = 0 }
inside { if (/-----END /) inside = 0; else next; sub(/.*-----END [A-Z ]*-----/, "") }
/-----BEGIN / {
  end = index($0, "-----END ")
  rest = end ? substr($0, end) : ""
  sub(/^-----END [A-Z ]*-----/, "", rest)
  inside = !end
  sub(/-----BEGIN .*/, "<armour>")
  $0 = $0 rest
}

{
  gsub(/\033\[[0-9;]*[A-Za-z]/, "")
  for (n = 1; n <= count; n++) $0 = without($0, value[n], label[n])
  print shortened($0)
}

# As it is, as in JSON, and as in an address.
function know(name, text, json, url, i, c) {
  if (length(text) < 3 || text ~ /^(none|true|false|null|yes|off|default|localhost)$/ || text ~ /^[0-9]+$/ && length(text) < 6) return
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    json = json (c == "\\" || c == "\"" ? "\\" : "") c
    url = url (c ~ /[A-Za-z0-9._~-]/ ? c : sprintf("%%%02X", code[c]))
  }
  keep(name, text)
  keep(name, json)
  keep(name, url)
  # One that is cut off is known by how it begins, unless that is a word.
  if (length(text) >= 20 && substr(text, 1, 12) ~ /[0-9]/) begin[substr(text, 1, 12)] = name
}

function keep(name, text) {
  if (text in seen) return
  seen[text]
  value[++count] = text
  label[count] = "<" name ">"
}

# The longer first: one may be part of another.
function sort(i, j, v, l) {
  for (i = 2; i <= count; i++) {
    v = value[i]; l = label[i]
    for (j = i - 1; j >= 1 && length(value[j]) < length(v); j--) { value[j + 1] = value[j]; label[j + 1] = label[j] }
    value[j + 1] = v; label[j + 1] = l
  }
}

function is_word(c) { return c ~ /[A-Za-z0-9]/ }

# A short one counts as a word of its own only.
function without(line, text, name, done, at, next_) {
  while (at = index(line, text)) {
    next_ = substr(line, at + length(text))
    if (length(text) < 8 && (is_word(substr(line, at - 1, 1)) && at > 1 || is_word(substr(next_, 1, 1))))
      done = done substr(line, 1, at)
    else {
      done = done substr(line, 1, at - 1) name
      line = next_
      continue
    }
    line = substr(line, at + 1)
  }
  return done line
}

# What begins as a secret does; then runs of letters and digits that look drawn by lot, but not the digests of images.
function shortened(line, head, at, run, done, before) {
  for (head in begin)
    while (at = index(line, head)) {
      run = substr(line, at)
      match(run, /^[A-Za-z0-9._~+\/=-]+/)
      line = substr(line, 1, at - 1) "<" begin[head] ">" substr(run, (RLENGTH > 12 ? RLENGTH : 12) + 1)
    }
  while (match(line, /[A-Za-z0-9_+=]+/)) {
    before = substr(line, 1, RSTART - 1)
    run = substr(line, RSTART, RLENGTH)
    line = substr(line, RSTART + RLENGTH)
    if (length(run) >= 24 && by_lot(run) && done before !~ /sha256:$/) run = "<long-value>"
    done = done before run
  }
  return done line
}

function by_lot(run, digits) {
  digits = run
  gsub(/[^0-9]/, "", digits)
  if (run ~ /^[0-9a-fA-F]+$/) return length(run) >= 32
  return length(digits) >= 3 && run ~ /[a-z]/ && run ~ /[A-Z]/
}
