import { charSet, eachRun } from './char-runs';
import { isPublicIPv4, isPublicIPv6 } from './ip-addresses';
import { withoutOverlaps } from './overlaps';
import { isCardNumber, isIban } from './payment-numbers';
import { hidesAscii } from './written';

export const PERSONAL_KINDS = ['email', 'phone', 'card', 'iban', 'ip'] as const;
export type PersonalKind = (typeof PERSONAL_KINDS)[number];

/** Something that belongs to one person, with its UTF-16 range. */
export interface PersonalDatum {
  readonly kind: PersonalKind;
  readonly start: number;
  readonly end: number;
}

/** Whether a record may hold what `findPersonalData` finds. @param source its JSON */
export function mayHoldPersonalData(source: string): boolean {
  return source.includes('@') || SOME_NUMBER.test(source) || mayHoldIPv6(source) || hidesAscii(source);
}

/** Finds what looks like somebody's own and not like an example. In order of their place. */
export function findPersonalData(text: string): PersonalDatum[] {
  const found: PersonalDatum[] = [];
  const add: Add = (kind, start, end) => {
    found.push({ kind, start, end });
  };
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) findEmail(text, at, add);
  if (SOME_NUMBER.test(text)) findNumbers(text, add);
  if (mayHoldIPv6(text)) findIPv6(text, add);
  return withoutOverlaps(found);
}

type Add = (kind: PersonalKind, start: number, end: number) => void;

/** A digit, five characters that numbers are written with, a digit. */
const SOME_NUMBER = /\d[\d .()/+-]{5}\d/;
const NUMBERS = charSet(/[0-9 .\-()/+]/);
const IPV6 = charSet(/[0-9A-Fa-f:]/);
const LOCAL = charSet(/[A-Za-z0-9._%+-]/);
const HOST = charSet(/[A-Za-z0-9.-]/);

// Names of nobody, and addresses of an office.
const NOBODY =
  /^(?:no-?reply|do-?not-?reply|mailer-daemon|postmaster|webmaster|hostmaster|abuse|root|git|user\w{0,4}|username|admin|info|support|contact|sales|hello|help|office|team|press|media|careers|jobs|hr|billing|service|customer-?(?:service|support|care)|privacy|security|secure|legal|copyright|conduct|open-?(?:source|code)|dev|hi|ask|feedback|news|newsletter|marketing|alerts?|notifications?|updates?|orders?|invoices?|receipts?|members?|accounts?|you|your?[._-]?\w{0,8}|name|first\w{0,6}[._-]?last\w{0,6}|some(?:one|body)|any(?:one|body)|e?mail|test\w{0,4}|foo|bar|abc|xyz|xx+|example\w{0,4}|sample|recipient|sender|me|(?:john|jane|j)[._-]?(?:doe|smith)\d{0,4}|alice|bob)$/i;
const NOWHERE =
  /(?:^|\.)(?:[\w-]*example[\w-]*(?:\.\w+){1,2}|(?:your|my|some|the|any)[\w-]*\.\w+|(?:domain|email|mail|company|website|site|server|host|test|foo|bar|abc|xyz|acme|provider|organi[sz]ation|business|school|university|fake|sample|placeholder)\.(?:com|org|net|io|edu|co)|[\w-]+\.(?:test|invalid|example|localhost|local|localdomain|internal|lan|home|corp|png|jpe?g|gif|svg|webp|js|ts|css|html?|py|json|xml|md|txt|pdf|zip|h))$/i;

function findEmail(text: string, at: number, add: Add): void {
  let start = at;
  while (start > 0 && at - start < 64 && inSet(text, start - 1, LOCAL)) start--;
  let end = at + 1;
  while (end < text.length && end - at < 254 && inSet(text, end, HOST)) end++;
  while (start < at && /[.%+-]/.test(text[start]!)) start++;
  while (end > at && /[.-]/.test(text[end - 1]!)) end--;
  const local = text.slice(start, at);
  const host = text.slice(at + 1, end);
  if (local === '' || !/^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.)+[A-Za-z]{2,18}$/.test(host)) return;
  // `https://user@host`, `scp user@host:path`, `@scope/name@…`
  if (/[/:@]/.test(text[start - 1] ?? '') && !text.slice(0, start).endsWith('mailto:')) return;
  if (NOBODY.test(local) || NOWHERE.test(host) || text[end] === '@') return;
  add('email', start, end);
}

function findNumbers(text: string, add: Add): void {
  let looked = 0;
  eachRun(text, NUMBERS, 7, (start, end) => {
    if (!hasDigits(text, start, end, 4)) return;
    // An IBAN has letters before and among its digits.
    const from = Math.max(looked, start - 12);
    looked = end;
    for (const finder of FINDERS) finder(text, from, Math.min(text.length, end + 30), add);
  });
}

/** A colon between hexadecimal digits or other colons. */
function mayHoldIPv6(text: string): boolean {
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1))
    if (inSet(text, at + 1, IPV6) && inSet(text, at - 1, IPV6)) return true;
  return false;
}

function findIPv6(text: string, add: Add): void {
  eachRun(text, IPV6, 7, (start, end) => {
    const address = text.slice(start, end).replace(/:+$/, '');
    if (!/\w:\w*:/.test(address) || end - start > 45 || /[\w:]/.test(text[start - 1] ?? '')) return;
    if (!/\w/.test(text[end] ?? '') && isPublicIPv6(address)) add('ip', start, start + address.length);
  });
}

function findIban(text: string, from: number, to: number, add: Add): void {
  for (const match of matches(/\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b/g, text, from, to)) {
    const written = match[0];
    // What follows an IBAN may look like a part of it.
    for (let end = written.length; end >= 15; end = written.lastIndexOf(' ', end - 1)) {
      if (!isIban(written.slice(0, end).replaceAll(' ', ''))) continue;
      add('iban', from + match.index, from + match.index + end);
      break;
    }
  }
}

const CARD_WORDS = /card|credit|debit|visa|master|amex|payment|karte|carte|tarjeta|cart[ãa]o/i;

function findCard(text: string, from: number, to: number, add: Add): void {
  const pattern = /(?<![\w.,-])(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}|3\d{3}([ -])\d{6}\2\d{5}|\d{13,19})(?![\w-]|[.,]\d)/g;
  for (const match of matches(pattern, text, from, to)) {
    const start = from + match.index;
    const grouped = match[1] !== undefined || match[2] !== undefined;
    // One in ten numbers of 16 digits has a right check digit, so a bare one needs a word that says what it is.
    if (!grouped && !CARD_WORDS.test(text.slice(Math.max(0, start - 80), start))) continue;
    if (isCardNumber(digitsOf(match[0]))) add('card', start, start + match[0].length);
  }
}

const COUNTRY_CODE =
  /^(?:1|7|2[07]|2[1-69]\d|3[0-469]|3[578]\d|4[013-9]|42\d|5[1-8]|5[09]\d|6[0-6]|6[7-9]\d|8[1246]|85\d|88[06]|9[0-58]|9[679]\d)/;
// Groups of digits with exactly one separator between them, so that there is one way to read it only.
const INTERNATIONAL =
  /(?<![\w+*/=^%)\]])\+\d{1,15}(?:[ .-]?\(\d{1,4}\)[ .-]?\d{1,12})?(?:[ .-]\d{1,12}){0,5}(?!\w|[.,]\d)/g;
const NORTH_AMERICAN =
  /(?<![\w.+/#$-])(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d([.-]))[2-9]\d\d[.-]\d{4}(?![\w-]|[.,]\d)/g;
// Free numbers belong to companies and helplines; 555 to films and manuals.
const NOT_PERSONAL = /^(?:8(?:00|88|77|66|55|44|33)|555|123|[2-9]11)|^\d{3}(?:555|\d11)/;

function findPhone(text: string, from: number, to: number, add: Add): void {
  for (const match of matches(INTERNATIONAL, text, from, to)) {
    const start = from + match.index;
    let phone = match[0];
    // Numbers that come after it are no part of it.
    while (digitsOf(phone).length > 15 && / \d+$/.test(phone)) phone = phone.slice(0, phone.lastIndexOf(' '));
    const digits = digitsOf(phone);
    if (digits.length < 9 || digits.length > 15 || !COUNTRY_CODE.test(digits) || isSequence(digits)) continue;
    if (digits.startsWith('1') && (digits.length !== 11 || NOT_PERSONAL.test(digits.slice(1)))) continue;
    // Without any separator it may be a term of a sum.
    const isBare = digits.length === phone.length - 1;
    const isTerm = /\d\s{0,4}$/.test(text.slice(Math.max(0, start - 6), start));
    if (isBare && (isTerm || digits.length < 11 || digits.length > 13)) continue;
    add('phone', start, start + phone.length);
  }
  for (const match of matches(NORTH_AMERICAN, text, from, to)) {
    const digits = digitsOf(match[0]).slice(-10);
    if (NOT_PERSONAL.test(digits) || isSequence(digits)) continue;
    add('phone', from + match.index, from + match.index + match[0].length);
  }
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, '');
}

/** Digits that somebody typed without thinking. */
function isSequence(digits: string): boolean {
  return /(\d)\1{4}|12345|23456|34567|45678|56789|67890|98765|87654|76543/.test(digits);
}

function findIPv4(text: string, from: number, to: number, add: Add): void {
  for (const match of matches(/(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w/-]|\.\d)/g, text, from, to)) {
    const start = from + match.index;
    if (
      /(?:v|ver|version|release|build|section|§|firmware)[ .:]{0,2}$/i.test(text.slice(Math.max(0, start - 12), start))
    )
      continue;
    if (isPublicIPv4(match[0])) add('ip', start, start + match[0].length);
  }
}

const FINDERS = [findIban, findCard, findPhone, findIPv4];

/** Matches in a part of the text; one character before and after it is seen by look-around. */
function* matches(pattern: RegExp, text: string, from: number, to: number): Generator<RegExpExecArray> {
  const part = text.slice(from, to);
  pattern.lastIndex = 0;
  for (const match of part.matchAll(pattern)) {
    if (match.index === 0 && from > 0 && /\w/.test(text[from - 1]!)) continue;
    if (to < text.length && match.index + match[0].length === part.length && /\w/.test(text[to]!)) continue;
    yield match;
  }
}

function hasDigits(text: string, start: number, end: number, count: number): boolean {
  let seen = 0;
  for (let i = start; i < end && seen < count; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) seen++;
  }
  return seen >= count;
}

function inSet(text: string, at: number, set: Uint8Array): boolean {
  return set[text.charCodeAt(at)] === 1;
}
