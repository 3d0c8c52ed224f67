import { describe, expect, it } from 'vitest';
import { findPersonalData } from '../../../src/dataset-lsp/text/personal-data';

const found = (text: string): string[] =>
  findPersonalData(text).map(({ kind, start, end }) => `${kind} ${text.slice(start, end)}`);

describe('e-mail addresses', () => {
  it.each([
    'm.keller@posteo.de',
    'ana_lopez92@gmail.com',
    'o’brien.k+news@mail.uni-koeln.de'.slice(8),
    '12345678@qq.com',
  ])('finds %s', (address) => {
    expect(found(`Write to ${address}.`)).toEqual([`email ${address}`]);
    expect(found(`<a href="mailto:${address}">`)).toEqual([`email ${address}`]);
  });
  it.each([
    'jane@example.com',
    'max@example.co.uk',
    'noreply@shop.io',
    'no-reply@github.com',
    'info@firma.de',
    'support@apple.com',
    'git@github.com',
    'john.doe@gmail.com',
    'your.name@gmail.com',
    'user@domain.com',
    'icon@2x.png',
    'react@18.2.0',
    'npm i @types/node@20.1.0',
    '@app.route',
    'me@localhost',
    'a@b',
    'ssh root@10.0.0.1',
    'https://token@github.com/x/y',
    'someone@company.com',
    'foo@bar.com',
    'printer@office.local',
  ])('leaves %s alone', (text) => expect(found(`See ${text} for more.`)).toEqual([]));
});

describe('phone numbers', () => {
  it.each([
    '+49 30 90182137',
    '+33 6 70 42 91 88',
    '+44 (0)20 7946 0958'.replace('(0)', ''),
    '+14157062381',
    '(415) 706-2381',
    '415-706-2381',
    '+1 415-706-2381',
  ])('finds %s', (phone) => expect(found(`Call ${phone} today.`)).toEqual([`phone ${phone}`]));
  it.each([
    '(555) 123-4567',
    '555-0134',
    '123-456-7890',
    '1-800-273-8255',
    '+1 (800) 706-2381',
    '2024-05-17',
    '12+4915901821',
    'order 4157062381',
    'ISBN 978-3-16-148410-0',
    '472547338\n+960397912423686',
    '3.14159265358979',
    '10.1016/j.cell.2019.05.031',
    '+1 555 706 2381',
    '911',
    '1,234,567,890',
    'x = 5 +49 - 30',
    '192-168-0-1',
    '100-200-3000',
    '00:15:30',
  ])('leaves %s alone', (text) => expect(found(`It is ${text} or so.`)).toEqual([]));
});

describe('card numbers', () => {
  // Check digits by the Luhn formula, worked out independently.
  const luhn = (payload: string): string => {
    const sum = [...payload].reverse().reduce((total, char, i) => {
      const digit = Number(char) * (i % 2 === 0 ? 2 : 1);
      return total + Math.floor(digit / 10) + (digit % 10);
    }, 0);
    return payload + String((10 - (sum % 10)) % 10);
  };
  it.each(['453914880343646', '527162093847501', '222318840917264', '601193847261509', '37828493610247'])(
    'finds %s_',
    (payload) => {
      const card = luhn(payload);
      const parts = card.length === 15 ? [4, 10, 15] : [4, 8, 12, 16];
      const grouped = parts.map((end, i) => card.slice(parts[i - 1] ?? 0, end)).join(' ');
      expect(found(`It is ${grouped}, till 12/29.`)).toEqual([`card ${grouped}`]);
      expect(found(`Credit card: ${card}`)).toEqual([`card ${card}`]);
      expect(found(`The id is ${card} there.`)).toEqual([]);
      const wrong = grouped.slice(0, -1) + String((Number(grouped.at(-1)) + 1) % 10);
      expect(found(`It is ${wrong}, till 12/29.`)).toEqual([]);
    },
  );
  it('leaves the published test numbers alone', () => {
    for (const text of ['4111 1111 1111 1111', '4242 4242 4242 4242', '3782 822463 10005', '5555-5555-5555-4444'])
      expect(found(`card ${text}`)).toEqual([]);
  });
});

describe('bank accounts', () => {
  it.each([
    'DE44 5001 0517 5407 3249 31',
    'NL39 RABO 0300 0652 64',
    'CH56 0483 5012 3456 7800 9',
    'FR76 3000 4000 0312 3456 7890 143',
  ])('finds %s', (iban) => {
    expect(found(`Pay to ${iban} please`)).toEqual([`iban ${iban}`]);
    expect(found(`Pay to ${iban.replaceAll(' ', '')}.`)).toEqual([`iban ${iban.replaceAll(' ', '')}`]);
    expect(found(`Pay to ${iban.slice(0, 2)}99${iban.slice(4)} please`)).toEqual([]);
  });
  it('leaves the textbook examples alone', () => {
    expect(found('DE89 3704 0044 0532 0130 00, GB82 WEST 1234 5698 7654 32')).toEqual([]);
  });
});

describe('IP addresses', () => {
  it.each(['81.169.145.78', '172.67.4.190', '2a01:4f8:c17:b8f::2', '2003:e6:9f1b:7c00:d8a1:44ff:fe02:91bb'])(
    'finds %s',
    (ip) => {
      expect(found(`Blocked ${ip} again.`)).toEqual([`ip ${ip}`]);
    },
  );
  it.each([
    '192.168.0.1',
    '10.1.2.3',
    '172.20.0.5',
    '127.0.0.1',
    '169.254.1.1',
    '192.0.2.44',
    '198.51.100.7',
    '203.0.113.9',
    '255.255.255.0',
    '8.8.8.8',
    '1.1.1.1',
    '1.2.3.4',
    '4.18.2.1',
    'version 81.40.2.9',
    'v91.0.4472.124',
    '91.198.174.0/24',
    '1.3.6.1.4.1.311.21',
    '300.1.200.45',
    '2001:db8::1',
    '::1',
    'fe80::1ff:fe23:4567:890a',
    '2001:4860:4860::8888',
    '00:1b:44:11:3a:b7',
    '12:30:45',
    'std::vector::begin',
    'a::b',
    'Chrome/91.0.4472.124',
  ])('leaves %s alone', (text) => expect(found(`It is ${text} there.`)).toEqual([]));
});

it('finds everything in one text, in order, however long it is', () => {
  const text = 'Mail m.keller@posteo.de, call +49 30 90182137, pay DE44500105175407324931, from 81.169.145.78.';
  const all = ['email m.keller@posteo.de', 'phone +49 30 90182137', 'iban DE44500105175407324931', 'ip 81.169.145.78'];
  expect(found(text)).toEqual(all);
  expect(found(`${text} `.repeat(300))).toEqual(Array.from({ length: 300 }, () => all).flat());
});
