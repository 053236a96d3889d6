import { expect, test } from 'bun:test'
import { plainSource, plainText } from '../../../../src/gateway/catalog/plain-text.ts'

test.each([
  ['{"name":"a\u200bb"}', '{"name":"ab"}'],
  ['{"name":"a\\u200bb\\u202E"}', '{"name":"ab"}'],
  ['{"d":"\\u001b[31mred\\u0007"}', '{"d":"[31mred"}'],
  ['{"d":"\\\\u200b stays, as it is no escape"}', '{"d":"\\\\u200b stays, as it is no escape"}'],
  ['{"d":"line\\nbreak\\ttab\\u000a"}', '{"d":"line\\nbreak\\ttab\\u000a"}'],
  ['{"d":"tags \u{e0041}\u{e0042}"}', '{"d":"tags "}'],
  ['{"d":"tags \\udb40\\udc41\\uDB40\\uDC42"}', '{"d":"tags "}'],
  // halves that what stands between them keeps apart
  ['{"d":"\\udb40\\u200b\\udc41"}', '{"d":"\\ufffd\\ufffd"}'],
  ['{"d":"\\udb40\u200b\\udc41"}', '{"d":""}'],
  // two backslashes are one of the text
  ['{"d":"\\\\ud834\\udd73","e":1}', '{"d":"\\\\ud834\\ufffd","e":1}'],
  ['{"d":"日本 é 🎉 \\ud83c\\udf89"}', '{"d":"日本 é 🎉 \\ud83c\\udf89"}'],
  ['{"big":12345678901234567890,"x":1.0}', '{"big":12345678901234567890,"x":1.0}'],
])('%j', (source, expected) => {
  expect(plainSource(source)).toBe(expected)
})

test('of text, not of JSON', () => {
  expect(plainText('a\u2066b\u2069\nc')).toBe('ab\nc')
})

test('of text, with halves that what stands between them keeps apart', () => {
  expect(plainText('\udb40\u200b\udc41')).toBe('\ufffd\ufffd')
})
