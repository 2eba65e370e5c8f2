/** The whole style of the page: one column, the system's font, light or dark as the system is. */
export const STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#1b1f24,#e6e8eb);--soft:light-dark(#5c6570,#9aa4af);--line:light-dark(#e3e6ea,#30363d);
--paper:light-dark(#fff,#14171b);--card:light-dark(#f7f8fa,#1b1f25);--link:light-dark(#0062a3,#6cb6ff);
--good:light-dark(#00684a,#4cd3a5);--bad:light-dark(#a8321f,#ff9a85);--busy:light-dark(#8a5300,#f5b942)}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1280px;padding:0 24px 64px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
header{display:flex;align-items:center;gap:28px;padding:18px 0;border-bottom:1px solid var(--line);margin-bottom:28px}
.brand{color:var(--ink);font-weight:650;font-size:18px;display:flex;align-items:center;gap:10px}
.brand i{width:18px;height:18px;border-radius:3px;background:conic-gradient(#e69f00 25%,#0072b2 0 50%,#e69f00 0 75%,#0072b2 0)}
nav{display:flex;gap:18px}nav a{color:var(--soft)}
h1{font-size:26px;line-height:1.2;margin:0 0 16px;display:flex;align-items:center;gap:14px;flex-wrap:wrap}
h1 a{color:inherit}h2{font-size:17px;margin:36px 0 12px}
p{margin:0 0 12px}.soft{color:var(--soft)}
dl{display:flex;flex-wrap:wrap;gap:6px 32px;margin:14px 0 0}dt{color:var(--soft);font-size:13px}dd{margin:0}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;width:100%;white-space:nowrap}
th,td{padding:8px 12px;text-align:left;border-bottom:1px solid var(--line)}tr:last-child td{border-bottom:0}
th{font-size:13px;font-weight:600;color:var(--soft);background:var(--card)}
.number{text-align:right;font-variant-numeric:tabular-nums}
.wrap{white-space:normal;min-width:220px}.name{white-space:normal;overflow-wrap:anywhere;min-width:130px}
code,pre{font:13px/1.5 ui-monospace,monospace}
pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px;overflow-x:auto;margin:0 0 12px}
.pill{display:inline-block;font-size:13px;font-weight:600;line-height:1;padding:5px 10px;border-radius:99px;color:var(--soft);background:color-mix(in srgb,currentColor 14%,transparent)}
.completed,.trained,.succeeded{color:var(--good)}.failed{color:var(--bad)}.running,.training,.requested{color:var(--busy)}
.failure{border:1px solid var(--bad);border-left-width:4px;border-radius:8px;padding:12px 16px;margin:20px 0}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,480px),1fr));gap:20px}
figure{margin:0;border:1px solid var(--line);border-radius:8px;overflow:hidden;display:flex;flex-direction:column}
figure>a{background:#fff;flex:1;display:flex;align-items:center;justify-content:center;min-height:160px}
figure img{display:block;max-width:100%;max-height:520px;height:auto}
figcaption{padding:10px 14px;border-top:1px solid var(--line);display:flex;gap:4px 16px;justify-content:space-between;flex-wrap:wrap;background:var(--card)}
figcaption span{display:flex;gap:12px}
details{margin-top:14px}.plots+details{margin-top:28px}summary{cursor:pointer;color:var(--soft)}
hr{border:0;border-top:1px solid var(--line);margin:44px 0 32px}
`;

/** Looks for news while the page says that there may be some, and puts the new content in place of the old. */
export const SCRIPT = `
const look = () => {
  const main = document.querySelector('main');
  if (main.dataset.refresh) setTimeout(refresh, Number(main.dataset.refresh), main);
};
const refresh = async (main) => {
  if (document.hidden) return document.addEventListener('visibilitychange', () => refresh(main), { once: true });
  try {
    const response = await fetch(location.href, { headers: { accept: 'text/html' } });
    const text = await response.text();
    if (response.ok && text !== refresh.last) {
      const next = new DOMParser().parseFromString(text, 'text/html').querySelector('main');
      next.querySelectorAll('details').forEach((item, at) => { item.open = main.querySelectorAll('details')[at]?.open });
      main.replaceWith(next);
      refresh.last = text;
    }
  } catch {}
  look();
};
look();
`;
