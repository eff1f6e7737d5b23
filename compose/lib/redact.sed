# What looks like a secret, wherever it stands; lib/redact.awk has taken out before what is known. For sed -E of GNU or busybox.
# Headers: of a cookie all that is said, of others one value.
s/((proxy-)?authorization|x-[a-z0-9_-]*(key|token|auth)[a-z0-9_-]*)(["'\\ ]*[:=][\\ ]*)("[^"]*"|'[^']*'|[^"',;}]+)/\1\4<secret>/Ig
s/((set-)?cookie)(["'\\ ]*[:=][\\ ]*)("[^"]*"|'[^']*'|[^"'}]+)/\1\3<secret>/Ig
s/\b(bearer|basic) +[A-Za-z0-9._~+/=-]{6,}/\1 <secret>/Ig
# By what it is called: in JSON, YAML, variables, options of a command, SQL. Not how many tokens a model took.
s/([a-z0-9_.-]*((token|_key|api-?key|salt)(_[a-z0-9_-]*)?|(secret|passw(or)?d|pwd|credential|auth_value|private)[a-z0-9_-]*))(["'\\ ]*[:=][\\ ]*)("[^"]*"|'[^']*'|[^"' ,;&}]+)/\1\7<secret>/Ig
s/(--?[a-z0-9-]*(key|token|secret|password|passwd|auth)) +[^ ]+/\1 <secret>/Ig
s/(password|identified by) +('[^']*'|"[^"]*")/\1 <secret>/Ig
# In addresses: whose they are, and every value of a query.
s#(://)[^/@ "'<>]+@#\1<secret>@#g
s/([?&][A-Za-z0-9_.~-]+=)[^&#"' <>]+/\1<secret>/g
# By how it begins.
s/\bsk-[A-Za-z0-9_-]{6,}/<key>/g
s/\beyJ[A-Za-z0-9_-]{6,}(\.[A-Za-z0-9_-]*)*/<JWT>/g
s/\b(gh[a-z]_|github_pat_|glpat-|xox[a-z]-|npm_|hf_|ntn_|AKIA|ASIA|AIza)[A-Za-z0-9_-]{8,}/<key>/g
# Of people.
s/[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}/<mail-address>/g
