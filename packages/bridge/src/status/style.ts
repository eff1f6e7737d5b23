// status/style: how the page looks, in the light, in the dark and on a telephone.

export const STYLE = `
:root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--soft:#57606a;--line:#d0d7de;--panel:#f6f8fa;--link:#0550ae;
--good:#1a7f37;--wait:#8a5a00;--bad:#b3261e;--p95:#8a5a00}
@media(prefers-color-scheme:dark){:root{--back:#0d1117;--text:#e6edf3;--soft:#9aa4af;--line:#30363d;--panel:#161b22;
--link:#79b8ff;--good:#56d364;--wait:#e3b341;--bad:#ff8a80;--p95:#e3b341}}
*{box-sizing:border-box}
body{overflow-wrap:break-word;margin:0 auto;padding:1rem;max-width:70rem;background:var(--back);color:var(--text);font:1rem/1.5 system-ui,sans-serif}
header{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:baseline}
h1{font-size:1.25rem;margin:0}h2{font-size:1.15rem;margin:0}h3{font-size:1rem;margin:1.25rem 0 .25rem}
p{margin:.5rem 0}a{color:var(--link)}
section{border:1px solid var(--line);border-radius:.5rem;padding:1rem;margin:1rem 0}
.head{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:baseline}
.state{font-weight:600}.ready,.running{color:var(--good)}.starting,.draining,.idle,.standby,.stopping,.off{color:var(--wait)}
.failing,.wrong{color:var(--bad)}
.why{border-left:.25rem solid var(--bad);padding:.25rem .75rem;margin:.75rem 0;background:var(--panel)}
.soft{color:var(--soft)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:.75rem 0 .25rem}
th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word;max-width:16rem}
thead th{color:var(--soft);font-weight:600;white-space:nowrap}
pre,code{font:.875rem/1.45 ui-monospace,monospace}
pre{background:var(--panel);padding:.5rem .75rem;margin:.5rem 0;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}
figure{margin:.5rem 0}svg{display:block;width:100%;height:7.5rem;background:var(--panel)}
path{fill:none;vector-effect:non-scaling-stroke;stroke-width:3;stroke-linecap:round}
path.grid{stroke:var(--line);stroke-width:1}path.p50{stroke:var(--link)}path.p95{stroke:var(--p95);stroke-dasharray:5 4}
.key.p50{color:var(--link)}.key.p95{color:var(--p95)}figcaption{color:var(--soft);font-size:.875rem}
summary{cursor:pointer;padding:.25rem 0}
button,input{font:inherit;padding:.25rem .75rem;border:1px solid var(--soft);border-radius:.375rem;background:var(--panel);color:var(--text)}
button{cursor:pointer}.copy{display:none}.scripted .copy{display:inline-block}
:focus-visible{outline:.1875rem solid var(--link);outline-offset:.125rem}
form{margin:0}.row pre{flex:1;min-width:0}code{overflow-wrap:anywhere}.row{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center}
.skip{position:absolute;left:-99rem}.skip:focus{position:static}
@media(max-width:40rem){body{padding:.5rem}section{padding:.75rem}thead{position:absolute;left:-99rem}
table,tbody,tr,td,tbody th{display:block}tr{border-bottom:1px solid var(--line);padding:.375rem 0}
td,tbody th{border:0;max-width:none;overflow-wrap:anywhere;padding:0 0 0 8rem;min-height:1.5rem}
td::before,tbody th::before{content:attr(data-label);float:left;margin-left:-8rem;width:7.5rem;color:var(--soft);font-weight:400}}
`
