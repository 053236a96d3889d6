import { expect, test } from 'bun:test'
import { publicName, splitPublicName } from '../../../../src/gateway/catalog/namespace.ts'

test('a name that fits stays; one that does not gets a hash of all of it, and fits', () => {
  expect(publicName('github', 'create_issue')).toBe('github__create_issue')
  expect(publicName('', 'create_issue')).toBe('create_issue')

  const long = `a_tool_with_a_very_long_name_${'x'.repeat(60)}`
  const names = [
    publicName('ns', `${long}1`),
    publicName('ns', `${long}2`),
    publicName('ns', 'files.read'),
    publicName('ns', 'files/read'),
  ]
  expect(new Set(names).size).toBe(4)
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,49}$/)
  expect(publicName('ns', `${long}1`)).toBe(names[0] as string)
})

test('a public name is taken apart at its first double underscore', () => {
  expect(splitPublicName('a-b__c__d')).toEqual({ namespace: 'a-b', tool: 'c__d' })
})
