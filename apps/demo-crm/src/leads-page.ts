/** The page at `/`: the leads that arrived, for a person who looks over the gateway's shoulder. Every value from outside is escaped. */
import { createHash } from 'node:crypto';
import { FAULT_MODES, MODES, type FaultPlan } from './fault-modes.js';
import { MODE_MEMBERS } from './help.js';
import { member } from './lead-intake.js';
import type { LeadView } from './request-ledger.js';

export interface PageContent {
  leads: LeadView[];
  counts: { requests: number; repeats: number; leads: number };
  plan: FaultPlan;
  /** The plans of single paths. */
  paths: Readonly<Record<string, FaultPlan>>;
}

/** Reloads the list only when something changed, so an opened lead stays open while a person reads it. */
const SCRIPT = `let shown = document.body.dataset.state;
setInterval(async () => {
  try {
    const health = await (await fetch('/health')).json();
    const state = JSON.stringify([health.requests, health.leads, health.mode]);
    if (state === shown) return;
    const next = new DOMParser().parseFromString(await (await fetch('/')).text(), 'text/html');
    document.querySelector('main').replaceWith(next.querySelector('main'));
    document.body.classList.remove('away');
    shown = state;
  } catch { document.body.classList.add('away'); shown = ''; }
}, 2000);
document.querySelector('.play').addEventListener('click', async ({ target }) => {
  const mode = target.dataset.mode;
  if (mode === undefined) return;
  const times = Number(document.querySelector('#times').value);
  await fetch('/_mode', { method: 'POST', body: JSON.stringify({ mode, ...(times > 0 && { times }) }) });
  shown = '';
});`;

const STYLE = `:root{color-scheme:light dark;--line:#8883;--soft:#8881;--dim:#777}
*{box-sizing:border-box}body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:0 auto;padding:2rem 1rem}
h1{font-size:1.6rem;margin:0}p{margin:.4rem 0 1rem}code,pre{font:13px/1.5 ui-monospace,monospace}
.dim{color:var(--dim)}.facts{display:flex;flex-wrap:wrap;gap:.5rem;margin:1.2rem 0}
.facts span{border:1px solid var(--line);border-radius:99px;padding:.15rem .8rem}.facts .fault{border-color:#c33;color:#c33}
.lead{border:1px solid var(--line);border-radius:.6rem;margin:.6rem 0;padding:.7rem 1rem}
.lead header{display:flex;flex-wrap:wrap;gap:.2rem 1rem;align-items:baseline}.lead b{font-size:1.1rem}
.lead header time{margin-left:auto;color:var(--dim)}.lead p{margin:.1rem 0;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--dim)}pre{background:var(--soft);border-radius:.4rem;padding:.7rem;overflow:auto;max-height:30rem}
.play{border:1px solid var(--line);border-radius:.6rem;margin:.6rem 0;padding:.7rem 1rem}.play table{border-collapse:collapse;margin:.6rem 0}
.play td{padding:.1rem .8rem .1rem 0;vertical-align:top}.play button{font:inherit;min-width:8rem;text-align:left}.play input{width:5rem;font:inherit}
.empty{border:1px dashed var(--line);border-radius:.6rem;padding:2rem 1rem;text-align:center}
.away-note{display:none;color:#c33}.away .away-note{display:block}`;

/** Nothing but this page's own style and script may run, whatever a lead contains. */
export const PAGE_POLICY = `default-src 'none'; connect-src 'self'; style-src '${digest(STYLE)}'; script-src '${digest(SCRIPT)}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export function renderPage(content: PageContent): string {
  const { leads, counts, plan, paths } = content;
  const state = JSON.stringify([counts.requests, counts.leads, plan.mode]);
  const older = counts.leads - leads.length;
  const list = leads.length === 0 ? EMPTY : leads.map(renderLead).join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Demo CRM</title>
<noscript><meta http-equiv="refresh" content="5"></noscript><style>${STYLE}</style></head>
<body data-state="${escapeHtml(state)}">
<h1>Demo CRM</h1>
<p class="dim">Stands in for a customer's CRM: this is what the gateway delivered. The page follows by itself.</p>
<p class="away-note">The demo CRM does not answer at the moment. This list may be old.</p>
${renderPlayground()}
<main>
<div class="facts"><span>${count(counts.leads, 'lead')}</span><span>${count(counts.requests, 'request')}</span><span>${counts.repeats} repeated</span>${renderPlan(plan)}${Object.entries(paths).map(renderPathPlan).join('')}</div>
${list}
${older > 0 ? `<p class="dim">${count(older, 'older lead')}: see <code>GET /_leads</code>.</p>` : ''}
</main>
<script>${SCRIPT}</script></body></html>
`;
}

const EMPTY = `<div class="empty"><p><b>No lead has arrived yet.</b></p><p class="dim">Post one to the gateway's webhook; it shows up here.</p></div>`;

/** Every fault, to be set by a click. */
function renderPlayground(): string {
  return `<details class="play"><summary>Faults on demand: what this CRM does to the next leads</summary>
<p><label>for <input id="times" type="number" min="0" value="0"> requests (0: until changed)</label></p>
<table>${FAULT_MODES.map(renderMode).join('')}</table>
<p>With <code>POST /_mode {"mode":"429","retryAfter":5,"times":2}</code> there is more to say:</p>
<table>${MODE_MEMBERS.map(([name, says]) => `<tr><td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(says)}</td></tr>`).join('')}</table></details>`;
}

function renderMode(mode: keyof typeof MODES): string {
  const { sees, arrives } = MODES[mode];
  const lead = arrives === 'judged' ? 'the lead arrives' : arrives === 'no' ? 'the lead does not arrive' : 'every second lead arrives';
  return `<tr><td><button type="button" data-mode="${mode}">${mode}</button></td><td>${escapeHtml(sees)}</td><td class="dim">${lead}</td></tr>`;
}

function renderPathPlan([path, plan]: [string, FaultPlan]): string {
  return `<span class="fault">${escapeHtml(path)}: ${plan.mode}</span>`;
}

function renderPlan(plan: FaultPlan): string {
  if (plan.mode === 'ok') return '<span>mode ok</span>';
  const times = plan.times === null ? '' : `, ${plan.times} more ${plan.times === 1 ? 'time' : 'times'}`;
  return `<span class="fault">mode ${plan.mode}${times}</span>`;
}

/** Names the person as well as the body allows: both forms that the CRM takes, nested and flat. */
function renderLead(view: LeadView): string {
  const lead = member(view.body, 'lead') ?? view.body;
  const text = (name: string): string => {
    const value = member(lead, name);
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  const joined = (...parts: string[]): string => parts.filter((part) => part !== '').join(' ');
  const name = joined(text('first_name'), text('last_name')) || 'No name given';
  const street = joined(text('street'), text('housenumber'));
  const place = joined(text('postcode'), text('city'));
  const reach = [text('phone'), text('email'), [street, place].filter(Boolean).join(', ')].filter((part) => part !== '');
  const key = view.key === null ? 'no idempotency key' : `key ${view.key}`;
  return `<article class="lead"><header><b>${escapeHtml(name)}</b><span>${escapeHtml(productOf(view.body))}</span><time datetime="${escapeHtml(view.at)}">${escapeHtml(view.at.slice(0, 19).replace('T', ' '))} UTC</time></header>
<p>${reach.map(escapeHtml).join(' · ')}</p>
<details><summary>${count(view.requests, 'request')} · id ${escapeHtml(view.id)}</summary><p class="dim">${escapeHtml(key)}</p><pre>${escapeHtml(readable(view.body))}</pre></details></article>`;
}

/** Cut at 20,000 characters. The body is what somebody sent: nested deep enough it parses, but cannot be written out again. */
function readable(body: unknown): string {
  try {
    const text = JSON.stringify(body, null, 2);
    return text.length > 20_000 ? `${text.slice(0, 20_000)}…` : text;
  } catch {
    return 'Nested too deep to be shown here. GET /_leads has it.';
  }
}

function productOf(body: unknown): string {
  return String(member(member(body, 'product'), 'name') ?? '');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
