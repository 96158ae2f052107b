// The one style sheet, inside each page and allowed by its hash. Phone first, light and dark, system fonts.
// Contrast is at least 4.5 for text and 3 for edges of fields, in both schemes.

import { createHash } from "node:crypto";

const sheet = `
:root{color-scheme:light dark;--ground:#f4f3ef;--card:#fff;--ink:#1b2027;--soft:#565f6b;--line:#dcd9d1;--edge:#7d8590;--accent:#0c6674;--on-accent:#fff;--tint:#e7f1f2;--warn:#7a4a00;--warn-tint:#fdf3df;--warn-line:#e9cf9b;--bad:#a3201b;--bad-tint:#fdecea;--bad-line:#eab8b4;--good:#1a6b3c;--good-tint:#e6f4ea}
@media(prefers-color-scheme:dark){:root{--ground:#14171b;--card:#1c2026;--ink:#e9ebee;--soft:#a5aeba;--line:#313740;--edge:#808a97;--accent:#73cfdd;--on-accent:#06262b;--tint:#1b3035;--warn:#f0c67c;--warn-tint:#2e2717;--warn-line:#5d4c25;--bad:#ff9d96;--bad-tint:#341e1d;--bad-line:#6e3733;--good:#83d6a2;--good-tint:#1a2f23}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100dvh;display:flex;flex-direction:column;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans SC",sans-serif;overflow-wrap:anywhere}
.bar,main,footer{width:calc(100% - 2.25rem);max-width:32rem;margin:0 auto}
.bar{display:flex;align-items:center;gap:.75rem;min-height:4rem;font-size:.9375rem}
.brand{display:inline-flex;align-items:center;gap:.5rem;font-weight:650;font-size:1.0625rem;letter-spacing:-.01em;color:var(--ink);text-decoration:none;margin-right:auto}
.mark{color:var(--accent)}.mark .dot{fill:currentColor}
.who{color:var(--soft);max-width:12rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bar form{margin:0}
main{flex:1;padding-top:.75rem;padding-bottom:2.5rem}
footer{display:flex;flex-wrap:wrap;gap:.25rem 1rem;justify-content:space-between;padding-top:1rem;padding-bottom:1.5rem;color:var(--soft);font-size:.875rem;border-top:1px solid var(--line)}
h1{font-size:1.625rem;line-height:1.2;letter-spacing:-.02em;font-weight:700;margin:0 0 1rem;text-wrap:balance}
h1+.lead{margin-top:-.5rem}
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
.field .typed{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;letter-spacing:.06em;text-transform:uppercase}
.field .exact{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.field .big{font-size:1.625rem;font-weight:600;text-align:center;min-height:3.75rem;letter-spacing:.12em}
.field .digits{width:6rem}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.button,button{display:inline-flex;align-items:center;justify-content:center;gap:.5rem;width:100%;min-height:3rem;padding:.625rem 1.125rem;font:inherit;font-weight:650;line-height:1.2;border-radius:.75rem;border:1px solid transparent;background:var(--accent);color:var(--on-accent);text-decoration:none;cursor:pointer}
button:hover,.button:hover{filter:brightness(1.08)}
.bar button{width:auto;min-height:2.5rem;padding:.375rem .875rem;font-size:.9375rem;font-weight:600;background:none;color:var(--ink);border-color:var(--edge);border-radius:.625rem}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.75rem}
.pair button{min-height:3.5rem;padding:.625rem .25rem;white-space:nowrap;background:var(--card);color:var(--ink);border:2px solid var(--ink);font-size:1.0625rem}
.pair button:hover{filter:none;background:var(--ground)}
.notice{display:flex;gap:.75rem;border:1px solid var(--line);border-radius:1rem;padding:1rem 1.125rem;margin:0 0 1rem}
.notice p{margin:0}.notice .sign{flex:none;margin-top:.0625rem}
.notice strong{display:block;font-weight:650}
.notice.warn{background:var(--warn-tint);border-color:var(--warn-line)}.notice.warn .sign,.notice.warn strong{color:var(--warn)}
.notice.bad{background:var(--bad-tint);border-color:var(--bad-line)}.notice.bad .sign,.notice.bad strong{color:var(--bad)}
.kind{color:var(--soft);margin:0 0 .125rem}
.code{display:inline-block;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-weight:600;letter-spacing:.06em;background:var(--tint);color:var(--ink);padding:.125rem .5rem;border-radius:.4375rem;white-space:nowrap}
.facts{margin:0;display:grid;grid-template-columns:minmax(4.75rem,auto) 1fr;gap:.4375rem 1rem;font-size:.9375rem}
.facts dt{color:var(--soft)}
.facts dd{margin:0;min-width:0}
.facts+h3{margin-top:1.25rem}
h3{font-size:.8125rem;line-height:1.4;font-weight:600;color:var(--soft);margin:0 0 .375rem}
.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.875em}
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
.consent{display:flex;gap:.75rem;align-items:flex-start;font-weight:400}
.done{text-align:center;padding-top:2rem;padding-bottom:1.75rem}
.done h1{margin-bottom:.75rem}.done h1+.lead{margin-top:0}
.seal{display:inline-grid;place-items:center;width:4rem;height:4rem;border-radius:50%;margin:0 auto 1rem;background:var(--good-tint);color:var(--good)}
.seal .sign{width:2.25rem;height:2.25rem}
.seal.not{background:var(--warn-tint);color:var(--warn)}
.commands{margin:0;padding:.875rem 1rem;background:var(--ground);border-radius:.625rem;overflow-x:auto;font:600 .875rem/1.7 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.list{list-style:none;margin:0;padding:0}
.list li{padding:.75rem 0;border-top:1px solid var(--line)}
.list li:first-child{border-top:0;padding-top:.25rem}
.list li:last-child{padding-bottom:0}
.list strong{display:block;font-weight:600}
.list p{margin:0}
.after{text-align:center;color:var(--soft);font-size:.9375rem}
.document h2{margin-top:1.25rem}.document ol,.document ul{padding-left:1.25rem;margin:0 0 .75rem}.document li{margin-bottom:.625rem}
.skip{position:absolute;left:-999rem}
.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.625rem 1rem;border-radius:.625rem;z-index:1}
@media(min-width:40rem){.bar{min-height:5rem}main{padding-top:1.5rem}h1{font-size:1.875rem}.card{padding:1.75rem}.notice{padding:1.125rem 1.5rem}}
@media(forced-colors:active){.choice:has(>label>input:checked){outline:2px solid Highlight}}
`;

export const style = sheet.trim();

export const styleHash = createHash("sha256").update(style).digest("base64");
