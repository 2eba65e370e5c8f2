import { type Html, html, type Page } from './html.ts';
import type { Recorded } from './record.ts';
import { artifactPath, type ExperimentView, type SearchView, type Summary } from './views.ts';

const LIVE_MS = 1_000;
const IDLE_MS = 5_000;

/** The page of all experiments, with the newest of them in full. */
export function homePage(home: {
  readonly experiments: readonly Summary[];
  readonly next: string | undefined;
  readonly newest: { readonly view: ExperimentView; readonly events: readonly Recorded[] } | undefined;
  readonly searches: readonly SearchView[];
}): Page {
  const { experiments, next, newest, searches } = home;
  const isLive = experiments.some(({ status }) => isRunning(status));
  return {
    title: 'xorflow',
    refreshMs: isLive ? LIVE_MS : IDLE_MS,
    main: html`<h1>Experiments</h1>
${experiments.length === 0 ? emptyHint() : experimentTable(experiments)}
${next !== undefined && html`<p><a href="${next}">Older experiments</a></p>`}
${newest && html`<hr>${experimentParts(newest.view, newest.events, undefined)}`}
${searches.map(searchPart)}`,
  };
}

/** The page of one experiment. */
export function experimentPage(view: ExperimentView, events: readonly Recorded[], line: string | undefined): Page {
  return {
    title: `${view.name} · xorflow`,
    refreshMs: isRunning(view.status) ? LIVE_MS : undefined,
    main: experimentParts(view, events, line),
  };
}

/** What a browser gets for an experiment that is not there. */
export function missingPage(id: string): Page {
  return {
    title: 'Not found · xorflow',
    main: html`<h1>No experiment ${id}</h1>
<p>Nobody has asked for it here. <a href="/">All experiments</a></p>`,
  };
}

function emptyHint(): Html {
  return html`<p>None yet. Ask for one, all defaults:</p>
<pre>curl -X POST -H 'content-type: application/json' -d '{}' <span>localhost:8080/experiments</span></pre>`;
}

function experimentTable(experiments: readonly Summary[]): Html {
  const rows = experiments.map(
    ({ id, name, status, models, requestedAt, durationMs, links, reason }) => html`<tr>
<td><a href="${links.self}">${name}</a></td><td>${pill(status)}</td>
<td class="wrap">${reason ?? modelsInShort(models)}</td>
<td><time datetime="${requestedAt ?? ''}">${clock(requestedAt)}</time></td><td class="number">${duration(durationMs)}</td>
<td><code>${id}</code></td></tr>`,
  );
  return html`<div class="scroll"><table>
<tr><th>Name</th><th>Status</th><th>Accuracy on the test points</th><th>Requested (UTC)</th><th class="number">Took</th><th>Id</th></tr>
${rows}</table></div>`;
}

function modelsInShort(models: Summary['models']): string {
  const shown = models
    .slice(0, 4)
    .map(({ name, testAccuracy, status }) => `${name} ${testAccuracy?.toFixed(4) ?? status}`);
  return [...shown, ...(models.length > 4 ? [`${count(models.length - 4)} more`] : [])].join(' · ');
}

function experimentParts(view: ExperimentView, events: readonly Recorded[], line: string | undefined): Html {
  const { links, spec } = view;
  return html`<h1><a href="${links.self}">${view.name}</a> ${pill(view.status)}</h1>
<dl>
${fact('Id', html`<code>${view.id}</code>`)}
${fact('Requested', clock(view.requestedAt))}
${view.durationMs !== undefined && fact('Took', duration(view.durationMs))}
${spec && fact('Problem', `XOR in ${spec.dataset.dims} dimensions, seed ${spec.dataset.seed}`)}
${spec && fact('Points', `${count(spec.dataset.trainSize)} train, ${count(spec.dataset.validationSize)} validation, ${count(spec.dataset.testSize)} test`)}
${spec && fact('Training', `${count(spec.training.epochs)} epochs, ${spec.training.optimizer} at ${spec.training.learningRate}`)}
${fact('Raw', html`<a href="${links.events}">events</a>, <a href="${links.logs}">metric lines</a>`)}
</dl>
${view.failure && failureBox(view.failure)}
${view.models.length > 0 && html`<h2>Models</h2>${modelTable(view)}`}
${line !== undefined && html`<p class="soft"><code>${line}</code></p>`}
${view.plots.length > 0 && html`<h2>Plots</h2><div class="plots">${view.plots.map(figure)}</div>`}
<details><summary>${count(events.length)} events</summary>${eventTable(events)}</details>
${digestPart(view)}`;
}

/** What two runs of one experiment must have in common. */
function digestPart({ dataset, table }: ExperimentView): Html | undefined {
  if (!dataset) return undefined;
  const files = [dataset.train, dataset.validation, dataset.test].map((file) => fact(file.name, digest(file.digest)));
  const weights = table.map((row) => fact(`weights of ${row.name}`, digest(row.weights)));
  return html`<details><summary>Digests</summary><dl>${files}${weights}</dl></details>`;
}

function failureBox({ stage, reason, code, cause }: NonNullable<ExperimentView['failure']>): Html {
  return html`<div class="failure"><strong>Failed in ${stage}</strong> <span class="soft">${code}, on ${cause.type}</span><br>${reason}</div>`;
}

function modelTable(view: ExperimentView): Html {
  const rows = view.models.map((model) => {
    const row = view.table.find(({ index }) => index === model.index);
    return html`<tr><td class="name">${model.name}</td><td class="name">${model.hidden.map(count).join(' · ') || 'none'}</td>
<td class="number">${model.parameters !== undefined && count(model.parameters)}</td><td>${model.engine ?? pill(model.status)}</td>
<td class="number">${loss(model.train?.loss)}</td><td class="number">${share(model.train?.accuracy)}</td>
<td class="number">${loss(model.test?.loss)}</td><td class="number">${share(model.test?.accuracy)}</td>
<td class="number">${share(row?.auc)}</td><td class="number">${duration(row?.durationMs)}</td>
<td>${model.links && html`<a href="${model.links.model}">model</a>, <a href="${model.links.weights}">weights</a>`}</td>
</tr>`;
  });
  return html`<div class="scroll"><table>
<tr><th>Model</th><th>Hidden layers</th><th class="number">Parameters</th><th>Engine</th>
<th colspan="2" class="number">Train loss, accuracy</th><th colspan="2" class="number">Test loss, accuracy</th>
<th class="number">AUC</th><th class="number">Took</th><th>Files</th></tr>
${rows}</table></div>`;
}

function figure({ name, title, links }: ExperimentView['plots'][number] | SearchView['plots'][number]): Html {
  return html`<figure><a href="${links.html}" title="Open ${name} interactively"><img src="${links.png}" alt="${title}"></a>
<figcaption>${title}<span><a href="${links.html}">interactive</a><a href="${links.png}">PNG</a><a href="${links.spec}">Vega-Lite</a></span></figcaption></figure>`;
}

function searchPart({ experiment, trials, plots }: SearchView): Html {
  return html`<hr><h1>Search ${experiment}</h1><p class="soft">${count(trials)} trials</p><div class="plots">${plots.map(figure)}</div>`;
}

function eventTable(events: readonly Recorded[]): Html {
  const begin = Date.parse(events[0]?.time ?? '');
  const rows = events.map(({ position, type, source, time }) => {
    const since = Date.parse(time ?? '') - begin;
    return html`<tr><td class="number">${position}</td><td>${type}</td><td>${source}</td>
<td class="number">${Number.isFinite(since) && `${since < 0 ? '−' : '+'}${duration(Math.abs(since))}`}</td></tr>`;
  });
  return html`<p></p><div class="scroll"><table><tr><th class="number">Position</th><th>Type</th><th>Source</th><th class="number">After the first</th></tr>${rows}</table></div>`;
}

function fact(name: string, value: Html | string): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function pill(status: string): Html {
  return html`<span class="pill ${status}">${status}</span>`;
}

function digest(text: string): Html {
  return html`<a href="${artifactPath(text)}" title="${text}"><code>${text.slice('sha256:'.length, 'sha256:'.length + 12)}</code></a>`;
}

function isRunning(status: Summary['status']): boolean {
  return status === 'requested' || status === 'running';
}

const INTEGER = new Intl.NumberFormat('en-US');
const count = (value: number) => INTEGER.format(value);
const loss = (value: number | undefined) => value?.toFixed(4) ?? '';
const share = (value: number | undefined) => value?.toFixed(4) ?? '';

function duration(ms: number | undefined): string {
  if (ms === undefined) return '';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.round(ms / 1_000) / 60;
  return minutes < 60
    ? `${Math.floor(minutes)} min ${Math.round((minutes % 1) * 60)} s`
    : `${(minutes / 60).toFixed(1)} h`;
}

function clock(time: string | undefined): string {
  return time === undefined ? '' : time.slice(0, 19).replace('T', ' ');
}
