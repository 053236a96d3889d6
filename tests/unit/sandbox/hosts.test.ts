import { describe, expect, test } from 'bun:test'
import { networkInterfaces } from 'node:os'
import { hostRules, isListed, isReachable } from '../../../src/sandbox/egress/hosts.ts'

describe('a list of hosts', () => {
  const rules = hostRules(['API.example.com', '*.wild.org', 'other.net:8443', '10.0.0.5', '[2001:db8::1]:9'])

  test.each([
    ['api.example.com', 443],
    ['Api.Example.Com.', 443],
    ['a.wild.org', 443],
    ['a.b.wild.org', 443],
    ['other.net', 8443],
    ['10.0.0.5', 443],
    ['2001:db8::1', 9],
    ['[2001:db8::1]', 9],
  ])('has %s:%d', (host, port) => {
    expect(isListed(rules, host, port)).toBe(true)
  })

  test.each([
    ['api.example.com', 80],
    ['example.com', 443],
    ['xapi.example.com', 443],
    ['api.example.com.evil.net', 443],
    ['wild.org', 443],
    ['evilwild.org', 443],
    ['other.net', 443],
    ['10.0.0.50', 443],
    ['2001:db8::1', 443],
  ])('has not %s:%d', (host, port) => {
    expect(isListed(rules, host, port)).toBe(false)
  })
})

describe('a name', () => {
  test.each([
    '127.0.0.1',
    '127.1.2.3',
    '0.0.0.0',
    '169.254.169.254',
    '::1',
    '::',
    'fe80::1',
    '::ffff:127.0.0.1',
  ])('that stands for %s leads nowhere', (address) => {
    expect(isReachable('api.example.com', address)).toBe(false)
  })

  test.each(['93.184.216.34', '10.1.2.3', '192.168.0.7', '2001:db8::1', '::2'])(
    'may stand for %s',
    (address) => {
      expect(isReachable('api.example.com', address)).toBe(true)
    },
  )

  test('of the machine itself, or an address, is meant when it is listed', () => {
    expect(isReachable('localhost', '127.0.0.1')).toBe(true)
    expect(isReachable('127.0.0.1', '127.0.0.1')).toBe(true)
  })
})

test('a name that stands for an address of this machine leads nowhere', () => {
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? [])

  for (const { address } of own) expect(isReachable('api.example.com', address)).toBe(false)
})
