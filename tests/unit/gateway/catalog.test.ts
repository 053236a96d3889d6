import { expect, test } from 'bun:test'
import { Catalog } from '../../../src/gateway/catalog/catalog.ts'
import { listing, serversOf } from '../../helpers/catalog.ts'

const tool = (more: string) => `{"name":"x","inputSchema":{}${more}}`

test('a tool with a name that a reader may take for another one is offered to nobody', () => {
  const catalog = new Catalog(serversOf('one'))
  for (const more of [',"Description":"evil"', ',"De\\u017fcription":"evil"', ',"NAME":"two__x"']) {
    catalog.setListing('one', listing({ tools: [tool(more)] }))
    expect([...catalog.all('tools')]).toEqual([])
  }

  catalog.setListing('one', listing({ tools: [tool(',"description":"good","Icon":1')] }))
  expect(catalog.find('tools', 'one__x')?.key).toBe('x')
})
