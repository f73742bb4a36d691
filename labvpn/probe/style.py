"""The look of the report's page, in light and in dark, with the fonts that every system has."""

STYLE = """
:root { color-scheme: light dark; --paper: #fbfbfa; --card: #fff; --ink: #1c2024; --soft: #666e78; --rule: #d9dde2;
  --ok: #1a7f45; --ok-soft: #e4f4ea; --bad: #c62828; --bad-soft: #fdeaea; --off: #a7aeb7; --band: #eef0f3; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181c; --card: #1d2126; --ink: #e6e9ed; --soft: #9aa3ad;
  --rule: #343a42; --ok: #4cc57d; --ok-soft: #17301f; --bad: #ff7b72; --bad-soft: #3a1d1d; --off: #59616b;
  --band: #262b32; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1200px; padding: 28px 24px 48px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 32px 0 10px; }
p { margin: 4px 0; } .soft { color: var(--soft); } .ok { color: var(--ok); } .bad { color: var(--bad); }
.banner { margin: 16px 0; padding: 12px 16px; border-radius: 8px; font-weight: 600; }
.banner.ok { background: var(--ok-soft); } .banner.bad { background: var(--bad-soft); }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 16px; margin: 10px 0;
  overflow-x: auto; }
.finding { border-left: 4px solid var(--bad); } .finding b { color: var(--bad); }
.finding ul { margin: 6px 0; padding-left: 20px; color: var(--soft); }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: 5px 12px 5px 0; vertical-align: top; }
th { color: var(--soft); font-weight: 500; border-bottom: 1px solid var(--rule); }
code { font: 13px ui-monospace, Menlo, Consolas, monospace; background: var(--band);
  padding: 1px 5px; border-radius: 4px; }
svg { display: block; width: 100%; font: 13px system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; }
svg text { fill: var(--ink); } svg .title { font-weight: 600; }
svg .said, svg .head { fill: var(--soft); font-size: 12.5px; }
svg .said.bad, .box.bad ~ .said { fill: var(--bad); } svg .port { font-variant-numeric: tabular-nums; }
.line { stroke-width: 2.5; stroke-linecap: round; } .line.ok { stroke: var(--ok); } .line.bad { stroke: var(--bad); }
.line.off { stroke: var(--off); stroke-dasharray: 2 7; } .line.wide { stroke-width: 5; }
.line.cross { stroke: var(--card); stroke-width: 2; } .band { fill: var(--band); }
.box { fill: var(--card); stroke-width: 2; } .box.ok { stroke: var(--ok); fill: var(--ok-soft); }
.box.bad { stroke: var(--bad); fill: var(--bad-soft); } .box.off { stroke: var(--off); }
.dot.ok { fill: var(--ok); } .dot.bad, .disc.bad { fill: var(--bad); }
"""
