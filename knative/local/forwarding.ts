import type { IncomingMessage } from 'node:http';

/** What one hop says to the next one and nobody else; transfer-encoding stays, because it frames the body on the next hop too. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'expect']);
/** Rewritten, so that the function sees each once. */
const FORWARDED = new Set(['x-forwarded-for', 'x-forwarded-proto', 'forwarded', 'k-proxy-request']);

/** The headers of a request as the function gets them: those of the client in their order and case, and where they came from. */
export function toFunctionHeaders(request: IncomingMessage): string[] {
  const headers = endToEnd(request.rawHeaders, (name) => FORWARDED.has(name));
  const { headers: given } = request;
  const client = request.socket.remoteAddress ?? 'unknown';
  const before = given['x-forwarded-for'];
  const chain = before === undefined ? client : `${String(before)}, ${client}`;
  const proto = String(given['x-forwarded-proto'] ?? 'http');
  const host = String(given['x-forwarded-host'] ?? '');
  headers.push('X-Forwarded-For', chain, 'X-Forwarded-Proto', proto);
  headers.push('Forwarded', String(given.forwarded ?? toForwarded(chain, host, proto)));
  headers.push('K-Proxy-Request', 'activator');
  return headers;
}

/** The headers of a function's response as the client gets them. */
export function toClientHeaders(response: IncomingMessage): string[] {
  return endToEnd(response.rawHeaders, () => false);
}

function endToEnd(raw: readonly string[], isRewritten: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? '';
    const lower = name.toLowerCase();
    if (!HOP_BY_HOP.has(lower) && !isRewritten(lower)) kept.push(name, raw[at + 1] ?? '');
  }
  return kept;
}

/** As queue-proxy makes RFC 7239's header of the older ones: `for=10.0.0.1;proto=http, for="[::1]"`. */
function toForwarded(chain: string, host: string, proto: string): string {
  const [first = '', ...others] = chain.split(',').map((node) => toNode(node.trim()));
  const about = [`for=${first}`, ...(host === '' ? [] : [`host=${host}`]), `proto=${proto}`].join(';');
  return [about, ...others.map((node) => `for=${node}`)].join(', ');
}

function toNode(address: string): string {
  return address.includes(':') && !address.startsWith('"') ? `"[${address}]"` : address;
}
