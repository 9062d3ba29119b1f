/** Every colour, as variables of what the selector names, once for light and once for dark. */
export const palette = (selector: string): string => `
${selector} {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1c2128; --quiet: #59636e; --rule: #d8dee4; --ground: #f3f5f7; --dense: #59636e;
  --c1: #1f6feb; --c2: #0b7f6a; --c3: #8a4fd0; --c4: #a96100; --c5: #c9372c;
  --c6: #c2308f; --c7: #64780a; --c8: #1c2128;
}
@media (prefers-color-scheme: dark) {
  ${selector} {
    --paper: #14181d; --ink: #e6eaef; --quiet: #9aa4af; --rule: #333b44; --ground: #1d232a; --dense: #9aa4af;
    --c1: #62a8ff; --c2: #3fc1a0; --c3: #bc8cff; --c4: #e3a13b; --c5: #ff7b72;
    --c6: #ff7ac6; --c7: #b5cc3f; --c8: #e6eaef;
  }
}`

/** The page's look. */
export const style = `${palette(':root')}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 800px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 8px; }
h2 { font-size: 19px; margin: 44px 0 4px; }
h3 { font-size: 15px; margin: 20px 0 4px; }
p { margin: 0 0 12px; max-width: 68ch; }
.lead { font-size: 18px; }
.quiet, section > p { color: var(--quiet); }
svg { max-width: 100%; height: auto; display: block; }
svg text { font: 13px system-ui, sans-serif; }
svg text:not(.name) { fill: var(--quiet); }
svg text.name { font-weight: 600; }
svg text.title { font-weight: 600; fill: var(--ink); }
.grid { stroke: var(--rule); stroke-width: 1; }
.open { fill: var(--paper); }
.ground { fill: var(--ground); }
table { border-collapse: collapse; margin: 12px 0; font-size: 14px; font-variant-numeric: tabular-nums; }
section { overflow-x: auto; }
th, td { padding: 5px 14px 5px 0; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th { color: var(--quiet); font-weight: 500; }
tr.start td { border-top: 2px solid var(--quiet); }
th:first-child, td:first-child { text-align: left; }
.tiles { display: flex; flex-wrap: wrap; gap: 20px; }
figure { margin: 0; max-width: 128px; }
figcaption { display: grid; font-size: 13px; margin-top: 6px; color: var(--quiet); }
figcaption strong { color: var(--ink); }
@media print { body { font-size: 12px; } section { break-inside: avoid; } }
`
