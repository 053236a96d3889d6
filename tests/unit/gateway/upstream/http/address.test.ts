import { describe, expect, test } from 'bun:test'
import { isLoopbackOrigin, isOwnHost, parseAddress } from '../../../../../src/gateway/upstream/http/address.ts'

describe('addresses', () => {
  test('without a host they are loopback', () => {
    expect(parseAddress(undefined)).toEqual({ hostname: '127.0.0.1', port: 3333 })
    for (const text of ['4000', ':4000', 'localhost:4000', '127.0.0.1:4000'])
      expect(parseAddress(text)).toEqual({ hostname: '127.0.0.1', port: 4000 })
    expect(parseAddress('[::1]:0')).toEqual({ hostname: '[::1]', port: 0 })
    for (const text of ['', 'x', '::1:80', '127.0.0.1', 'a b:1', '*:1'])
      expect(() => parseAddress(text)).toThrow('not HOST:PORT')
    for (const text of ['65536', '127.0.0.1:65536', '[::1]:99999999'])
      expect(() => parseAddress(text)).toThrow('a port is a number from 0 (any free one) to 65535')
  })

  test.each([
    ['127.0.0.1:3333', true],
    ['LOCALHOST:3333', true],
    ['[::1]:3333', true],
    ['localhost', false],
    ['localhost:3334', false],
    ['localhost.evil.com:3333', false],
    ['127.0.0.1.evil.com:3333', false],
    ['evil.com:3333', false],
    ['10.0.0.1:3333', false],
    ['127.0.0.1:3333, evil.com', false],
    ['', false],
    [null, false],
  ])('Host %p is ours: %p', (header, isOurs) => {
    expect(isOwnHost(header, { hostname: '127.0.0.1', port: 3333 })).toBe(isOurs)
  })

  test('a server on a network takes its own name and numbers, no other name', () => {
    const bound = { hostname: '0.0.0.0', port: 80 }
    expect(isOwnHost('10.0.0.1', bound)).toBe(true)
    expect(isOwnHost('evil.com', bound)).toBe(false)
    expect(isOwnHost('box.lan', { hostname: 'box.lan', port: 80 })).toBe(true)
  })

  test.each([
    ['http://localhost:5173', true],
    ['https://[::1]', true],
    ['null', false],
    ['file://', false],
    ['http://localhost.evil.com', false],
    ['http://127.0.0.1@evil.com', false],
    ['chrome-extension://localhost', false],
  ])('Origin %p is loopback: %p', (origin, isSo) => {
    expect(isLoopbackOrigin(origin)).toBe(isSo)
  })
})
