import { describe, expect, it } from 'vitest';

import { NewOrder, OrdersQuery } from './orders.schema.js';

const item = { sku: 'book-1', quantity: 2, unitPrice: 1_250 };
const order = { currency: 'EUR', items: [item] };
const withItem = (change: object) => ({ ...order, items: [{ ...item, ...change }] });
const pathsOf = (result: { error?: { issues: { path: PropertyKey[] }[] } | undefined }) =>
  result.error?.issues.map(({ path }) => path.join('.'));

describe('NewOrder', () => {
  it.each([
    ['one item', order],
    ['a hundred items', { ...order, items: Array.from({ length: 100 }, () => item) }],
    ['a gift', withItem({ unitPrice: 0 })],
    ['the longest sku', withItem({ sku: '~'.repeat(64) })],
    ['the largest total', withItem({ quantity: 1, unitPrice: Number.MAX_SAFE_INTEGER })],
  ])('takes %s', (_name, newOrder) => {
    expect(NewOrder.parse(newOrder)).toEqual(newOrder);
  });

  const refused: [string, unknown, string[]][] = [
    ['nothing', undefined, ['']],
    ['a list', [], ['']],
    ['no currency', { items: [item] }, ['currency']],
    ['a currency in lower case', { ...order, currency: 'eur' }, ['currency']],
    ['a currency of four letters', { ...order, currency: 'EURO' }, ['currency']],
    ['a currency that does not exist', { ...order, currency: 'ZZZ' }, ['currency']],
    ['a number for a currency', { ...order, currency: 978 }, ['currency']],
    ['no items', { ...order, items: [] }, ['items']],
    ['too many items', { ...order, items: Array.from({ length: 101 }, () => item) }, ['items']],
    ['an unknown member', { ...order, total: 1 }, ['']],
    ['an unknown member of an item', withItem({ price: 1 }), ['items.0']],
    ['an empty sku', withItem({ sku: '' }), ['items.0.sku']],
    ['a long sku', withItem({ sku: 'a'.repeat(65) }), ['items.0.sku']],
    ['a NUL in a sku', withItem({ sku: 'a\0' }), ['items.0.sku']],
    ['half a character in a sku', withItem({ sku: '\ud800' }), ['items.0.sku']],
    ['a space in a sku', withItem({ sku: 'a b' }), ['items.0.sku']],
    ['no quantity', withItem({ quantity: undefined }), ['items.0.quantity']],
    ['a quantity of none', withItem({ quantity: 0 }), ['items.0.quantity']],
    ['a negative quantity', withItem({ quantity: -1 }), ['items.0.quantity']],
    ['half a piece', withItem({ quantity: 0.5 }), ['items.0.quantity']],
    ['a huge quantity', withItem({ quantity: 10_001 }), ['items.0.quantity']],
    ['a quantity as text', withItem({ quantity: '1' }), ['items.0.quantity']],
    ['a negative price', withItem({ unitPrice: -1 }), ['items.0.unitPrice']],
    ['a price in cents of cents', withItem({ unitPrice: 1.5 }), ['items.0.unitPrice']],
    [
      'a price beyond exact numbers',
      withItem({ unitPrice: 2 ** 53 }),
      ['items.0.unitPrice', 'items'],
    ],
    ['an endless price', withItem({ unitPrice: 1e308 }), ['items.0.unitPrice', 'items']],
    ['a total beyond exact numbers', withItem({ quantity: 2, unitPrice: 2 ** 52 }), ['items']],
  ];
  it.each(refused)('refuses %s', (_name, newOrder, paths) => {
    expect(pathsOf(NewOrder.safeParse(newOrder))).toEqual(paths);
  });
});

describe('OrdersQuery', () => {
  it.each([
    ['nothing', {}, { limit: 20 }],
    ['the largest page', { limit: '100' }, { limit: 100 }],
    ['a status', { status: 'open', limit: '1' }, { status: 'open', limit: 1 }],
    ['a customer', { customerId: 'a'.repeat(255) }, { limit: 20, customerId: 'a'.repeat(255) }],
  ])('takes %s', (_name, query, expected) => {
    expect(OrdersQuery.parse(query)).toEqual(expected);
  });

  it.each([
    ['an empty page', { limit: '0' }, ['limit']],
    ['too large a page', { limit: '101' }, ['limit']],
    ['a broken limit', { limit: '1.5' }, ['limit']],
    ['a hexadecimal limit', { limit: '0x1' }, ['limit']],
    ['an empty limit', { limit: '' }, ['limit']],
    ['two limits', { limit: ['1', '2'] }, ['limit']],
    ['an unknown status', { status: 'lost' }, ['status']],
    ['an empty customer', { customerId: '' }, ['customerId']],
    ['a customer without end', { customerId: 'a'.repeat(256) }, ['customerId']],
    ['a NUL in a customer', { customerId: 'a\0' }, ['customerId']],
    ['a cursor without end', { cursor: 'a'.repeat(4_097) }, ['cursor']],
    ['an unknown member', { offset: '1' }, ['']],
  ])('refuses %s', (_name, query, paths) => {
    expect(pathsOf(OrdersQuery.safeParse(query))).toEqual(paths);
  });
});
