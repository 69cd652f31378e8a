/** A small valid order. */
export const tea = { currency: 'EUR', items: [{ sku: 'tea', quantity: 2, unitPrice: 450 }] };
