import { describe, expect, it } from 'vitest';
import { findSecrets } from '../../../src/dataset-lsp/text/secrets';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Letters as a generator of keys makes them, made here so that no file holds anything that looks like a key. */
function letters(count: number, alphabet = LETTERS, seed = 7): string {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return alphabet[Math.floor((state / 2 ** 32) * alphabet.length)];
  }).join('');
}

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const HEX = '0123456789abcdef';
const KEYS: readonly (readonly [what: string, key: string])[] = [
  ['an OpenAI API key', `sk-proj-${letters(80)}`],
  ['an OpenAI API key', `sk-${letters(48)}`],
  ['an Anthropic API key', `sk-ant-api03-${letters(90)}-AA`],
  ['an AWS access key', `AKIA${letters(16, UPPER)}`],
  ['a GitHub token', `ghp_${letters(36)}`],
  ['a GitHub token', `github_pat_${letters(82)}`],
  ['a GitLab token', `glpat-${letters(20)}`],
  ['a Slack token', `xoxb-${letters(12, '0123456789')}-${letters(12, '0123456789', 3)}-${letters(24)}`],
  ['a Stripe key', `sk_live_${letters(24)}`],
  ['a Google API key', `AIza${letters(35)}`],
  ['a Hugging Face token', `hf_${letters(34)}`],
  ['an npm token', `npm_${letters(36)}`],
  ['a JSON web token', `eyJ${letters(33)}.eyJ${letters(60)}.${letters(43)}`],
  ['a DigitalOcean token', `dop_v1_${letters(64, HEX)}`],
];

describe('keys of the services', () => {
  it.each(KEYS)('%s', (what, key) => {
    for (const [before, after] of [
      ['', ''],
      ['The key is ', '.'],
      ['curl -H "Authorization: Bearer ', '" https://api.io/v1'],
      ['KEY=', '\n'],
    ] as const) {
      const found = findSecrets(before + key + after);
      expect(found.map((secret) => [secret.what, secret.start])).toEqual([[what, before.length]]);
      expect((before + key + after).slice(found[0]!.start, found[0]!.end)).toBe(key);
    }
  });
  it.each(KEYS)('%s, made up', (_, key) => {
    const prefix = /^(?:.*[-_](?=.{15})|AKIA|AIza|sk-)/.exec(key)?.[0] ?? '';
    const rest = key.length - prefix.length;
    for (const body of ['x'.repeat(rest), `YOUR_API_KEY${'0'.repeat(rest)}`, '1234567890'.repeat(10).slice(0, rest)])
      expect(findSecrets(`Use ${prefix}${body} here.`)).toEqual([]);
  });
});

describe('other credentials', () => {
  const found = (text: string): string[] => findSecrets(text).map(({ start, end }) => text.slice(start, end));
  it('finds the password of a connection string, and only that', () => {
    expect(found('postgres://shop:mP7kX2vQ9zLw@db.shop.io:5432/orders')).toEqual(['mP7kX2vQ9zLw']);
    expect(found('mongodb+srv://a:Zt4$kfP0q!@cluster0.ab1.mongodb.net')).toEqual(['Zt4$kfP0q!']);
    for (const password of ['password', '<password>', '${PASSWORD}', 'secret123', 'PASSWORD', 'admin123', 'pass1234'])
      expect(found(`mysql://user:${password}@localhost:3306/db`)).toEqual([]);
  });
  it('finds assigned passwords that are no words', () => {
    expect(found('password = "gT7$kq0LmZ"')).toEqual(['gT7$kq0LmZ']);
    expect(found("{'PASSWORD': 'vK9!rwPz3x'}")).toEqual(['vK9!rwPz3x']);
    expect(found('Your password is: gT7$kq0LmZ.')).toEqual(['gT7$kq0LmZ']);
    for (const text of [
      'password = os.environ["DB_PASSWORD"]',
      'password = generatePassword1(12)',
      'const password = req.body.password2;',
      'password: string;',
      'password = "correcthorse"',
      'password=P4ssword123!',
      'passwords are 8 characters long, e.g. MyPassword1!',
    ])
      expect(found(text)).toEqual([]);
  });
  it('finds secrets that only their name gives away', () => {
    const value = letters(40, LETTERS, 11);
    expect(found(`aws_secret_access_key = ${value}`)).toEqual([value]);
    expect(found(`"client_secret": "${value}",`)).toEqual([value]);
    expect(found(`sha256: ${letters(64, HEX)}`)).toEqual([]);
    expect(found(`commit ${letters(40, HEX)}`)).toEqual([]);
    expect(found('aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')).toEqual([]);
  });
  it('finds whole private keys', () => {
    const body = Array.from({ length: 5 }, (_, i) => letters(64, LETTERS, i + 1)).join('\n');
    const begin = ['-----BEGIN', 'RSA PRIVATE', 'KEY-----'].join(' ').replace('PRIVATE KEY', 'PRIVATE KEY');
    const key = `${begin}\n${body}\n-----END RSA PRIVATE KEY-----`;
    expect(found(`Here:\n${key}\nEnd`)).toEqual([key]);
    expect(found(`${begin}\n...\n-----END RSA PRIVATE KEY-----`)).toEqual([]);
    expect(found(`-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----`)).toEqual([]);
  });
  it('leaves ordinary long words alone', () => {
    for (const text of [
      'https://www.example.org/a/very/long/path?with=query&and=more#fragment-of-the-page',
      'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4',
      'sk-learn-contrib/imbalanced-learn and task-oriented-dialogue-systems-for-everyone',
      'pneumonoultramicroscopicsilicovolcanoconiosis',
      'npm_config_registry_and_other_environment_variables',
      '550e8400-e29b-41d4-a716-446655440000',
    ])
      expect(found(text)).toEqual([]);
  });
});
