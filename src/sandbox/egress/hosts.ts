import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

/** One entry of `network`: a name, `*.` and a name, or an address; without a port 443 is meant. */
interface HostRule {
  readonly host: string
  readonly port: number
}

const RULE = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/
const HTTPS = 443
/** The machine itself and what answers there only: a name that somebody else looks after must not lead to it. */
const LOCAL = /^(127\.|0\.|169\.254\.|::1?$|fe[89ab]|::ffff:(127\.|0\.|169\.254\.))/i

export function hostRules(entries: readonly string[]): HostRule[] {
  return entries.map((entry) => {
    const [, host = '', port] = RULE.exec(entry) ?? []
    return { host: plain(host), port: port === undefined ? HTTPS : Number(port) }
  })
}

/** `*.example.com` means every name below, not `example.com` itself. */
export function isListed(rules: readonly HostRule[], host: string, port: number): boolean {
  const wanted = plain(host)
  return rules.some((rule) => {
    if (rule.port !== port) return false
    return rule.host.startsWith('*.') ? wanted.endsWith(rule.host.slice(1)) : wanted === rule.host
  })
}

/** Whether `address`, which the name `host` stands for, may be connected to. An address that is listed itself may. */
export function isReachable(host: string, address: string): boolean {
  if (isIP(plain(host)) !== 0 || plain(host) === 'localhost') return true
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return !LOCAL.test(address) && !own.some((each) => each.address === address)
}

function plain(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
}
