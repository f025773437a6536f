import { Fault } from '../../kernel/faults.ts';

/** What a host may be: a public one, one whose addresses may be private, too, or none that is asked. */
export type HostRule = 'public' | 'private';

/** Hosts of one list: `api.example.com` (at its scheme's own port), `api.example.com:8443`, `*.example.com`, `*`. */
export interface HostLists {
  /** Hosts on the public internet. Default: none. */
  allow?: readonly string[];
  /** Hosts that may have private, loopback or link-local addresses. Default: none. `*` is refused here. */
  allowPrivate?: readonly string[];
}

interface Pattern {
  host: string;
  subdomains: boolean;
  port: string;
}

/** Decides by a URL. Throws `Fault` invalid_input for an entry that is no host. */
export function createHostRules({ allow = [], allowPrivate = [] }: HostLists): (url: URL) => HostRule | undefined {
  const publicHosts = allow.map((entry) => parseEntry(entry));
  const privateHosts = allowPrivate.map((entry) => {
    if (entry === '*') throw new Fault('invalid_input', "'*' cannot be among the private hosts: name each of them");
    return parseEntry(entry);
  });
  return (url) => {
    if (privateHosts.some((pattern) => fits(pattern, url))) return 'private';
    return publicHosts.some((pattern) => fits(pattern, url)) ? 'public' : undefined;
  };
}

function parseEntry(entry: string): Pattern {
  if (entry === '*') return { host: '', subdomains: true, port: '' };
  const subdomains = entry.startsWith('*.');
  const bare = subdomains ? entry.slice(2) : entry;
  const isBare = !/[/?#@\s]/.test(bare) && URL.canParse(`http://${bare}`);
  // A host in capitals or with letters beyond ASCII is compared as a URL writes it.
  const url = isBare ? new URL(`http://${bare}`) : undefined;
  if (!url || url.hostname === '' || url.hostname.includes('*')) {
    throw new Fault(
      'invalid_input',
      `'${entry}' is not a host: write 'api.example.com', 'api.example.com:8443' or '*.example.com'`,
    );
  }
  // The URL leaves out port 80, which here means something.
  const port = /:(\d+)$/.exec(bare)?.[1] ?? '';
  return { host: withoutDot(url.hostname), subdomains, port };
}

/** A name may be written with the dot of the root behind it. */
function withoutDot(host: string): string {
  return host.replace(/\.$/, '');
}

const ownPort: Record<string, string> = { 'http:': '80', 'https:': '443' };

function fits({ host, subdomains, port }: Pattern, url: URL): boolean {
  const asked = withoutDot(url.hostname);
  const isHost = subdomains ? host === '' || asked.endsWith(`.${host}`) : asked === host;
  const askedPort = url.port === '' ? ownPort[url.protocol] : url.port;
  return isHost && askedPort === (port === '' ? ownPort[url.protocol] : port);
}
