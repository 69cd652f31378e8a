/** A small order that is right in all. */
export const tea = { currency: 'EUR', items: [{ sku: 'tea', quantity: 2, unitPrice: 450 }] };
