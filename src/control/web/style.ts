// The one style sheet, inside each page and allowed by its hash. Phone first, light and dark, system fonts.
// Contrast is at least 4.5 for text and 3 for edges of fields, in both schemes.

import { createHash } from "node:crypto";

const sheet = `
:root{color-scheme:light dark;--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;--ground:#f4f3ef;--card:#fff;--ink:#1b2027;--soft:#565f6b;--line:#dcd9d1;--edge:#7d8590;--accent:#0c6674;--on-accent:#fff;--tint:#e7f1f2;--warn:#7a4a00;--warn-tint:#fdf3df;--warn-line:#e9cf9b;--bad:#a3201b;--bad-tint:#fdecea;--bad-line:#eab8b4;--good:#1a6b3c;--good-tint:#e6f4ea;--good-line:#b5d9c1}
@media(prefers-color-scheme:dark){:root{--ground:#14171b;--card:#1c2026;--ink:#e9ebee;--soft:#a5aeba;--line:#313740;--edge:#808a97;--accent:#73cfdd;--on-accent:#06262b;--tint:#1b3035;--warn:#f0c67c;--warn-tint:#2e2717;--warn-line:#5d4c25;--bad:#ff9d96;--bad-tint:#341e1d;--bad-line:#6e3733;--good:#83d6a2;--good-tint:#1a2f23;--good-line:#2f5a40}}
*{box-sizing:border-box}svg{flex:none}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100dvh;display:flex;flex-direction:column;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","PingFang SC","Microsoft YaHei","Noto Sans SC","Noto Sans CJK SC",sans-serif;overflow-wrap:anywhere}
.bar,main,footer{width:calc(100% - min(2.25rem,10%));max-width:32rem;margin:0 auto}
.wide .bar,.wide main,.wide footer{max-width:56rem}
.bar{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem .75rem;min-height:4rem;font-size:.9375rem}
.brand{display:inline-flex;align-items:center;gap:.5rem;font-weight:650;font-size:1.0625rem;letter-spacing:-.01em;color:var(--ink);text-decoration:none;margin-right:auto}
.mark{color:var(--accent)}.mark .dot{fill:currentColor}
.who{flex:1 1 3rem;max-width:max-content;color:var(--soft);text-decoration-color:var(--edge);padding:.5rem 0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.who:hover{color:var(--ink)}
.bar form{margin:0}
main{container-type:inline-size;flex:1;padding-top:.75rem;padding-bottom:2.5rem}
footer{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding-top:1rem;padding-bottom:1.5rem;color:var(--soft);font-size:.875rem;border-top:1px solid var(--line)}
h1{font-size:1.625rem;line-height:1.2;letter-spacing:-.02em;font-weight:700;margin:0 0 1rem;text-wrap:balance}
h1+.lead{margin-top:-.5rem}
h1:lang(zh){font-size:1.5rem;letter-spacing:0}
h2{font-size:1.0625rem;line-height:1.35;font-weight:650;margin:0 0 .5rem}
p{margin:0 0 .75rem}
.lead{color:var(--soft);margin-bottom:1.25rem;text-wrap:pretty}
a{color:var(--accent);text-underline-offset:.18em}
.card{background:var(--card);border:1px solid var(--line);border-radius:1rem;padding:1.25rem;margin:0 0 1rem}
.card>:last-child{margin-bottom:0}
.stack{display:flex;flex-direction:column;gap:1.125rem}
label,legend,.label{display:block;font-weight:600;font-size:.9375rem;padding:0}
.hint{display:block;color:var(--soft);font-size:.875rem;line-height:1.45;margin:.125rem 0 0}
.field input{display:block;width:100%;margin-top:.4375rem;padding:.6875rem .8125rem;font:inherit;color:inherit;background:var(--card);border:1px solid var(--edge);border-radius:.625rem;min-height:3rem}
.field.bad input{border-color:var(--bad);box-shadow:inset 0 0 0 1px var(--bad)}
.wrong{display:block;color:var(--bad);font-size:.875rem;line-height:1.45;margin-top:.4375rem}
.field .typed{font-family:var(--mono);letter-spacing:.06em;text-transform:uppercase}
.field .exact{font-family:var(--mono)}
.field .big{font-size:1.625rem;font-weight:600;text-align:center;min-height:3.75rem;letter-spacing:.12em;text-indent:.12em}
.field .digits{width:6rem}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.field input:focus-visible,.search input:focus-visible{outline-offset:-1px}
fieldset [tabindex]:focus-visible{outline-offset:5px;border-radius:.25rem}
.button,button{display:inline-flex;align-items:center;justify-content:center;gap:.5rem;width:100%;min-height:3rem;padding:.625rem 1.125rem;font:inherit;font-weight:650;line-height:1.2;text-align:center;border-radius:.75rem;border:1px solid transparent;background:var(--accent);color:var(--on-accent);text-decoration:none;cursor:pointer}
button:hover,.button:hover{filter:brightness(1.08)}
footer span{margin-right:auto}.links{display:flex;gap:1.25rem}
.plain,button.plain,.button.plain,.bar button{width:auto;min-height:2.5rem;padding:.375rem .875rem;font-size:.9375rem;font-weight:600;background:none;color:var(--ink);border-color:var(--edge);border-radius:.625rem;white-space:nowrap}
.pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:.75rem}
.pair button,.pair .button{min-height:3.5rem;padding:.625rem .5rem;text-wrap:balance;overflow-wrap:normal;background:var(--card);color:var(--ink);border:2px solid var(--ink);font-size:1.0625rem}
.pair .grave{background:var(--bad);color:var(--card);border-color:var(--bad)}
.pair button:not(.grave):hover,.pair .button:hover{filter:none;background:var(--ground)}
.notice{display:flex;gap:.75rem;border:1px solid var(--line);border-radius:1rem;padding:1rem 1.125rem;margin:0 0 1rem}
.notice p{margin:0}.notice .sign{margin-top:.0625rem}
.notice strong{display:block;font-weight:650}
.notice.good{background:var(--good-tint);border-color:var(--good-line)}.notice.good .sign,.notice.good strong{color:var(--good)}
.notice.warn{background:var(--warn-tint);border-color:var(--warn-line)}.notice.warn .sign,.notice.warn strong{color:var(--warn)}
.notice.bad{background:var(--bad-tint);border-color:var(--bad-line)}.notice.bad .sign,.notice.bad strong{color:var(--bad)}
.kind{color:var(--soft);margin:0 0 .25rem}
.code{display:inline-block;font-family:var(--mono);font-weight:600;letter-spacing:.06em;background:var(--tint);color:var(--ink);padding:.125rem .5rem;border-radius:.4375rem;white-space:nowrap}
.facts{margin:0;display:grid;grid-template-columns:minmax(4.75rem,auto) 1fr;gap:.4375rem 1rem;font-size:.9375rem}
.facts dt{color:var(--soft)}
.facts dd{margin:0;min-width:0}
.facts .flag,.facts .quiet,time{display:inline-block}
.facts+.small{margin-top:1.25rem}.facts+form{margin-top:1.375rem}
h3,h2.small{font-size:.8125rem;line-height:1.4;font-weight:600;color:var(--soft);margin:0 0 .375rem}
.mono{font-family:var(--mono);font-size:.875em}
.flag{color:var(--warn);font-weight:600}
.quiet{color:var(--soft)}
fieldset{border:0;margin:0;padding:0;min-width:0}
.choices{display:grid;gap:.625rem;margin-top:.625rem}
.choice{border:1px solid var(--edge);border-radius:.75rem;background:var(--card)}
.choice:has(>label>input:checked){border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent)}
.choice>label{display:flex;gap:.75rem;align-items:center;padding:.8125rem .9375rem;cursor:pointer;min-height:3rem}
.choice input[type=radio],.consent input{flex:none;width:1.25rem;height:1.25rem;margin:0;accent-color:var(--accent)}
.choice .hint{font-weight:400;margin:0}
.more{display:none;padding:0 .9375rem 1.0625rem}
.choice:has(>label>input:checked) .more{display:flex}
@supports not selector(:has(a)){.more{display:flex}}
.choice:has(>label>input:focus-visible){outline:3px solid var(--accent);outline-offset:2px}
@supports selector(:has(a)){.choice>label>input:focus-visible{outline:0}}
.consent{display:flex;gap:.75rem;align-items:flex-start;font-weight:400}
.done{text-align:center;padding-top:2rem;padding-bottom:1.75rem}
.done h1{margin-bottom:.75rem}.done h1+.lead{margin-top:0}.done .lead,.empty .hint{text-wrap:balance}
.seal{display:inline-grid;place-items:center;width:4rem;height:4rem;border-radius:50%;margin:0 auto 1rem;background:var(--good-tint);color:var(--good)}
.seal .sign{width:2.25rem;height:2.25rem}
.seal.not{background:var(--warn-tint);color:var(--warn)}
.commands{margin:0;padding:.875rem 1rem;background:var(--ground);border-radius:.625rem;overflow-x:auto;font:600 .875rem/1.7 var(--mono)}
.rows,.events{list-style:none;margin:0;padding:0}
.rows>li,.events>li{padding:.875rem 0;border-top:1px solid var(--line)}
.rows>li:first-child,.events>li:first-child{border-top:0;padding-top:.125rem}
.rows>li:last-child,.events>li:last-child{padding-bottom:0}
.rows>li{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:.125rem 1rem;align-items:center}
.row-facts{grid-column:1/-1}
.rows>li>:nth-child(3){grid-area:1/2}
.rows p,.events p{margin:0}
.rows+.actions{margin-top:1.125rem}
.row-title{display:flex;flex-wrap:wrap;gap:.25rem .5rem;align-items:center}
.row-title strong{font-weight:650}
.ways>li{padding:0}.ways>li:first-child{padding:0}
.ways a{display:grid;gap:.0625rem;margin:0 -.625rem;padding:.75rem .625rem;border-radius:.625rem;color:inherit;text-decoration:none}
.ways a{position:relative;padding-right:1.75rem}.ways a:after{content:"";position:absolute;right:.875rem;top:50%;width:.5rem;height:.5rem;border:solid var(--soft);border-width:2px 2px 0 0;transform:translateY(-50%) rotate(45deg)}
.ways a:hover{background:var(--ground)}.ways a:hover strong{text-decoration:underline;text-underline-offset:.18em}
.badge{display:inline-block;font-size:.8125rem;line-height:1.35;font-weight:600;padding:.0625rem .5rem;border-radius:1rem;border:1px solid var(--line);color:var(--soft);white-space:nowrap}
.badge.strong{color:var(--accent);background:var(--tint);border-color:transparent}
.badge.good{color:var(--good);background:var(--good-tint);border-color:transparent}
.badge.good:before{content:"";display:inline-block;width:.5rem;height:.5rem;border-radius:50%;background:currentColor;margin-right:.375rem}
.badge.warn{color:var(--warn);background:var(--warn-tint);border-color:transparent}
.tabs{display:flex;flex-wrap:wrap;gap:0 1rem;margin:0 0 1.25rem;border-bottom:1px solid var(--line)}
.tabs a{flex:none;padding:.625rem 0;color:var(--soft);text-decoration:none;font-weight:600;font-size:.875rem;border-bottom:3px solid transparent}
.tabs a:hover{color:var(--ink)}
.tabs [aria-current]{color:var(--ink);border-color:var(--accent)}
.count{font-weight:500;color:var(--soft);font-variant-numeric:tabular-nums}
.search{display:flex;flex-wrap:wrap;gap:.5rem .75rem;align-items:center;margin:0 0 1rem}
.search input{appearance:none;flex:1;min-width:9rem;font:inherit;color:inherit;background:var(--card);border:1px solid var(--edge);border-radius:.625rem;padding:.5rem .8125rem;min-height:2.75rem}
.search ::placeholder{color:var(--soft);opacity:1}
.search .plain{min-height:2.75rem;background:var(--card)}
.pager{display:grid;grid-template-columns:1fr auto 1fr;gap:1rem;align-items:center;font-size:.9375rem}
.pager>:last-child{text-align:right}
.pager a{padding:.5rem 0}
.empty{padding:1.5rem 0;text-align:center}.empty p{margin:0}.empty .button{display:flex;width:max-content;max-width:100%;margin:1rem auto 0}.rows+.empty{border-top:1px solid var(--line);margin-top:1rem;padding-bottom:.5rem}
.actions+.hint{margin-top:.875rem}
.actions{display:flex;flex-wrap:wrap;gap:.625rem .75rem;align-items:center;margin:1rem 0 0}
.facts button.copy{min-height:1.75rem;padding:.125rem .5rem;font-size:.8125rem;vertical-align:middle}
button.copy{display:none}.copies button.copy{display:inline-flex}
button.copy .sign{width:1.125rem;height:1.125rem}.facts button.copy .sign{width:1rem;height:1rem}
.binding-code{margin:1rem 0;padding:.875rem .5rem;border-radius:.75rem;background:var(--tint);text-align:center;font:600 1.25rem/1.4 var(--mono);letter-spacing:.04em;overflow-wrap:normal}
.binding-code.hidden{color:var(--soft);background:var(--ground)}
.qr~.actions{justify-content:center}.qr~.hint{text-align:center}
.qr{display:block;width:10.5rem;max-width:100%;margin:0 auto;border-radius:.625rem;border:1px solid var(--line)}
.advice{margin-top:1.25rem;padding-top:1.25rem;border-top:1px solid var(--line)}.advice p{margin:0}.advice .plain{margin-top:.875rem}
.providers{display:grid;gap:.625rem}
.providers form{margin:0}
.provider{justify-content:flex-start;gap:.875rem;padding-inline:.875rem;text-align:left;background:var(--card);color:var(--ink);border-color:var(--edge);font-weight:600}
.provider:hover{filter:none;background:var(--ground)}
.or{display:flex;gap:.875rem;align-items:center;margin:1.125rem 0;color:var(--soft);font-size:.9375rem}
.or:before,.or:after{content:"";flex:1;border-top:1px solid var(--line)}
.unseen{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
h3.next{margin-top:1.5rem}
.after{text-align:center;text-wrap:balance;color:var(--soft);font-size:.9375rem}.after a{display:inline-block}
.document+.quiet{font-size:.8125rem}.document h2{margin-top:1.25rem}.document ol,.document ul{padding-left:1.25rem;margin:0 0 .75rem}.document li{margin-bottom:.625rem}
.skip{position:absolute;left:-999rem}
.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.625rem 1rem;border-radius:.625rem;z-index:1}
@media(min-width:52rem){.columns{display:grid;grid-template-columns:1fr 1fr;gap:1rem;align-items:start}.binding-code{font-size:1.5rem}}
@media(min-width:40rem){.rows .row-facts{grid-column:1}.rows>li>:nth-child(3){grid-row:1/3}.tabs{gap:0 1.75rem}.tabs a{font-size:.9375rem}.bar{min-height:5rem}main{padding-top:1.5rem}h1,h1:lang(zh){font-size:1.875rem}.card{padding:1.75rem}.notice{padding:1.125rem 1.5rem}}
@container(max-width:17rem){.card{padding:1rem .75rem}.facts,.rows>li,.pager{display:block}.facts dd{margin-bottom:.5rem}.pair{grid-template-columns:1fr}.plain,button.plain,.button.plain,.code,.badge{white-space:normal}.rows>li>:nth-child(3){margin-top:.75rem}.binding-code,.field .big{font-size:1rem;letter-spacing:0}.actions>*,.search>*{max-width:100%}}
@media(forced-colors:active){.tabs a:not([aria-current]){border-color:Canvas}.choice:has(>label>input:checked){outline:2px solid Highlight}}
`;

export const style = sheet.trim();

export const styleHash = createHash("sha256").update(style).digest("base64");
