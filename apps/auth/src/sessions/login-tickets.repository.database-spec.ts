import { randomBytes } from 'node:crypto';

import { beforeAll, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import type { LoginTicket } from './login-ticket.entity.js';
import { GUESSES_PER_TICKET, LoginTicketsRepository } from './login-tickets.repository.js';

const auth = AuthApp.forFile();
let tickets: LoginTicketsRepository;
beforeAll(async () => {
  tickets = auth.get(LoginTicketsRepository);
});

let count = 0;
async function newTicket(): Promise<LoginTicket> {
  const { body } = await auth.register(`tickets-${(count += 1)}@example.com`);
  const ticket = {
    ...{ hash: randomBytes(32), userId: body.id, passwordChangedAt: new Date() },
    ...{
      request: { delivery: 'body' as const },
      guesses: 0,
      expiresAt: new Date(Date.now() + 60_000),
    },
  };
  await tickets.insert(auth.dataSource.manager, ticket);
  return ticket;
}

it('a ticket has so many guesses, and no more', async () => {
  const ticket = await newTicket();
  const counted: (number | undefined)[] = [];
  for (let guess = 0; guess <= GUESSES_PER_TICKET; guess += 1) {
    expect(await tickets.hasDied(ticket)).toBe(guess === GUESSES_PER_TICKET);
    counted.push(await tickets.countGuess(ticket));
  }
  expect(counted).toEqual([1, 2, 3, 4, 5, undefined]);
});

it('a ticket is removed once', async () => {
  const ticket = await newTicket();
  const { manager } = auth.dataSource;
  expect(await tickets.remove(manager, ticket)).toBe(true);
  expect(await tickets.remove(manager, ticket)).toBe(false);
  expect(await tickets.hasDied(ticket)).toBe(false);
});
